// Trains on batches of ever other shapes, with evaluation and generation in between, and samples the memory in use.
// usage: node --expose-gc memory-steps.js ENGINE_OPTIONS_AS_JSON STEPS; one line of JSON
import { setImmediate as turn } from "node:timers/promises";
import {
  Adam,
  buildTokenizer,
  clipGradNorm,
  crossEntropy,
  engine,
  LanguageModel,
  noGrad,
  Random,
  randomKey,
  tensor,
  TextStream,
} from "@hiddenstate/core";
import { residentMemory } from "./resident-memory.js";
import { startEngine } from "./start-engine.js";

const steps = Number(process.argv[3]);
const between = Math.max(1, Math.floor(steps / 100));
const sampleEvery = Math.max(1, Math.floor(steps / 10));

const info = await startEngine(process.argv[2]);
if (info) {
  const tokenizer = buildTokenizer("character", "abcdefghijklmnopqrstuvwxyz .");
  const vocabularySize = tokenizer.size;
  const model = new LanguageModel({ vocabularySize, hidden: 32, layers: 2, dropout: 0.1 });
  const adam = new Adam(model.parameters());
  const random = new Random(randomKey(0, "bench", "memory"));

  /** @param {number} time @param {number} batch */
  const tokens = (time, batch) =>
    tensor(
      Int32Array.from({ length: time * batch }, () => random.integer(vocabularySize)),
      [time, batch],
      { dtype: "int32" },
    );

  const train = () =>
    engine.scope(() => {
      const [time, batch] = [5 + random.integer(20), 1 + random.integer(8)];
      const lengths = Array.from({ length: batch }, () => random.integer(time + 1));
      const targets = Int32Array.from({ length: time * batch }, (_, i) =>
        Math.floor(i / batch) < lengths[i % batch] ? random.integer(vocabularySize) : -100,
      );
      adam.zeroGrad();
      const { output } = model.rnn.forward(model.embedding.forward(tokens(time, batch)), { lengths });
      crossEntropy(model.output.forward(output), targets).backward();
      clipGradNorm(model.parameters(), 1);
      adam.step();
    });

  const evaluate = () => {
    model.eval();
    engine.scope(() =>
      noGrad(() => {
        let { state } = model.forward(tokens(20, 4));
        for (let window = 0; window < 10; window++) {
          const next = model.forward(tokens(20, 4), state);
          crossEntropy(next.logits, tokens(20, 4)).itemSync();
          state = next.state;
        }
      }),
    );
    model.train();
  };

  const generate = () => {
    model.eval();
    const stream = new TextStream(model, tokenizer, 1);
    stream.push("once upon a time");
    for (let i = 0; i < 50; i++) stream.draw({ temperature: 0.8 });
    model.train();
  };

  const samples = [];
  for (let step = 1; step <= steps; step++) {
    train();
    if (step % between === 0) {
      evaluate();
      generate();
      await turn();
    }
    if (step % sampleEvery === 0) samples.push(await sampleMemory(step));
  }
  const { backend, instructionSet } = info;
  process.stdout.write(`${JSON.stringify({ ready: true, backend, instructionSet, node: process.version, samples })}\n`);
}

/** @param {number} step */
async function sampleMemory(step) {
  // Finalisers of collected tensors run in a task of their own, and free objects in turn.
  for (let i = 0; i < 3; i++) {
    /** @type {() => void} */ (globalThis.gc)();
    await turn();
  }
  const { bytesInUse, reservedBytes } = engine.info();
  return {
    step,
    jsHeapBytes: process.memoryUsage().heapUsed,
    tensorBytes: bytesInUse,
    reservedBytes,
    rssMb: residentMemory().nowMb,
  };
}
