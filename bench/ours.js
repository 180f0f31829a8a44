// Hiddenstate's own side of a case.  usage: node ours.js CASE ENGINE_OPTIONS_AS_JSON; then see serve.js
import { engine } from "@hiddenstate/core";
import { parseCase } from "./cases.js";
import { startEngine } from "./start-engine.js";
import { residentMemory } from "./resident-memory.js";
import { serve } from "./serve.js";
import { workOf } from "./work.js";

const shape = /** @type {import("./cases.js").Case} */ (parseCase(process.argv[2]));
const info = await startEngine(process.argv[3]);
if (info) {
  const idleMb = residentMemory().nowMb;
  const { backend, instructionSet, threads } = info;
  await serve({ backend, instructionSet, threads, node: process.version }, workOf(shape, instructionSet), idleMb);
  engine.close();
}
