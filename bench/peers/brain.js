// brain.js's side of a case: its recurrent LSTM, whose cell has no state of its own, on the same number of characters.
// usage: node brain.js CASE; then see ../serve.js
import { parseCase } from "../cases.js";
import { residentMemory } from "../resident-memory.js";
import { serve } from "../serve.js";
import { fromPeers, versionOf } from "./from-peers.js";

const { layers, hidden, batch, steps } = /** @type {import("../cases.js").Case} */ (parseCase(process.argv[2]));

const brain = fromPeers("brain.js");
const idleMb = residentMemory().nowMb;
const network = new brain.recurrent.LSTM({ hiddenLayers: Array.from({ length: layers }, () => hidden) });
const letters = "abcdefghijklmnopqrstuvwxyz";
const text = letters.repeat(Math.ceil(steps / letters.length)).slice(0, steps);
const data = Array.from({ length: batch }, () => text);

const facts = { version: versionOf("brain.js"), node: process.version };
await serve(facts, { train: () => network.train(data, { iterations: 1, log: false }) }, idleMb);
