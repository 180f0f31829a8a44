import {
  Adam,
  clipGradNorm,
  crossEntropy,
  engine,
  LanguageModel,
  noGrad,
  Random,
  randomKey,
  tensor,
} from "@hiddenstate/core";
import { matrixProducts, timeInKernels } from "./kernel-times.js";
import { multiplyAdds } from "./peak.js";
import { poolSize } from "./phases.js";

/**
 * Makes a case's model and what is timed of it; the engine must run.
 *
 * @param {import("./cases.js").Case} shape
 * @param {string} instructionSet of the engine
 * @param {{ recompute?: boolean }} [how] to train
 * @returns {Record<import("./phases.js").Phase, () => unknown>}
 */
export function workOf({ cell, layers, hidden, batch, steps, vocabulary, lengths }, instructionSet, how = {}) {
  const positions = cell === "transformer" ? { positions: steps } : {};
  const model = new LanguageModel({ vocabularySize: vocabulary, cell, hidden, layers, dropout: 0, ...positions });
  const adam = new Adam(model.parameters(), { lr: 1e-3 });
  const options = { ...(lengths && { lengths }), ...how };
  const [ids, targets] = batchOfTokens({ batch, steps, vocabulary, lengths });

  const train = () =>
    engine.scope(() => {
      adam.zeroGrad();
      const { output } = model.network.forward(model.embedding.forward(ids), options);
      crossEntropy(model.output.forward(output), targets, { ignoreIndex: -100 }).backward();
      clipGradNorm(model.parameters(), 1);
      adam.step();
    });

  return {
    train,
    stream: onceMade(() => {
      const stream = model.stream();
      return () => void stream.push([1]);
    }),
    streamRecurrent: onceMade(() => {
      const stream = model.rnn.stream();
      const x = randomValues(hidden);
      return () => void stream.push(x);
    }),
    streamInt8: onceMade(() => {
      const stream = model.rnn.stream({ weights: "int8" });
      const x = randomValues(hidden);
      return () => void stream.push(x);
    }),
    pool: onceMade(() => {
      const pool = model.rnn.pool({ capacity: poolSize });
      const streams = Array.from({ length: poolSize }, () => pool.open());
      const xs = randomValues(poolSize * hidden);
      return () => void pool.push(streams, xs);
    }),
    forward: onceMade(() => {
      const x = tensor(randomValues(steps * batch * hidden), [steps, batch, hidden]);
      return () => engine.scope(() => noGrad(() => void model.network.forward(x, options)));
    }),
    products: () => timeInKernels(matrixProducts, train),
    peak: onceMade(() => multiplyAdds(instructionSet) ?? (() => NaN)),
  };
}

/**
 * Random tokens and what follows them, [T, B]; padding's targets are -100.
 * @param {Pick<import("./cases.js").Case, "batch" | "steps" | "vocabulary" | "lengths">} shape
 */
export function batchOfTokens({ batch, steps, vocabulary, lengths }) {
  const random = new Random(randomKey(0, "bench", "tokens"));
  const draw = () => random.integer(vocabulary);
  const ids = Int32Array.from({ length: steps * batch }, draw);
  const valid = (/** @type {number} */ i) => !lengths || Math.floor(i / batch) < lengths[i % batch];
  const targets = Int32Array.from({ length: steps * batch }, (_, i) => (valid(i) ? draw() : -100));
  return [ids, targets].map((values) => tensor(values, [steps, batch], { dtype: "int32" }));
}

/** @param {number} count */
function randomValues(count) {
  const random = new Random(randomKey(0, "bench", "inputs"));
  return Float32Array.from({ length: count }, () => random.uniform() * 2 - 1);
}

/**
 * Inputs are made when they are first needed: they are no part of what training takes in memory.
 * @param {() => () => unknown} make
 */
function onceMade(make) {
  /** @type {(() => unknown) | undefined} */
  let made;
  return () => (made ??= make())();
}
