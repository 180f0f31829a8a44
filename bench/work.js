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

/** @typedef {import("@hiddenstate/core").RecurrentState} RecurrentState */

/**
 * Makes a case's model and what is timed of it; the engine must run.
 *
 * @param {import("./cases.js").Case} shape
 * @returns {Record<import("./phases.js").Phase, () => void>}
 */
export function workOf({ cell, layers, hidden, batch, steps, vocabulary, lengths }) {
  const model = new LanguageModel({ vocabularySize: vocabulary, cell, hidden, layers, dropout: 0 });
  const adam = new Adam(model.parameters(), { lr: 1e-3 });
  const options = lengths ? { lengths } : {};
  const [ids, targets] = batchOfTokens({ batch, steps, vocabulary, lengths });

  return {
    train: () =>
      engine.scope(() => {
        adam.zeroGrad();
        const { output } = model.rnn.forward(model.embedding.forward(ids), options);
        crossEntropy(model.output.forward(output), targets, { ignoreIndex: -100 }).backward();
        clipGradNorm(model.parameters(), 1);
        adam.step();
      }),
    stream: onceMade(() => {
      const id = tensor([1], [1], { dtype: "int32" });
      return stepping((state) => model.step(id, state).state);
    }),
    streamRecurrent: onceMade(() => {
      const x = randomTensor([1, hidden]);
      return stepping((state) => model.rnn.step(x, state).state);
    }),
    forward: onceMade(() => {
      const x = randomTensor([steps, batch, hidden]);
      return () => engine.scope(() => noGrad(() => void model.rnn.forward(x, options)));
    }),
  };
}

/**
 * Random tokens and what follows them, [T, B]; padding's targets are -100.
 * @param {Pick<import("./cases.js").Case, "batch" | "steps" | "vocabulary" | "lengths">} shape
 */
function batchOfTokens({ batch, steps, vocabulary, lengths }) {
  const random = new Random(randomKey(0, "bench", "tokens"));
  const draw = () => random.integer(vocabulary);
  const ids = Int32Array.from({ length: steps * batch }, draw);
  const valid = (/** @type {number} */ i) => !lengths || Math.floor(i / batch) < lengths[i % batch];
  const targets = Int32Array.from({ length: steps * batch }, (_, i) => (valid(i) ? draw() : -100));
  return [ids, targets].map((values) => tensor(values, [steps, batch], { dtype: "int32" }));
}

/** @param {number[]} sizes */
function randomTensor(sizes) {
  const random = new Random(randomKey(0, "bench", "inputs"));
  const count = sizes.reduce((product, size) => product * size, 1);
  return tensor(
    Float32Array.from({ length: count }, () => random.uniform() * 2 - 1),
    sizes,
  );
}

/**
 * Inputs are made when they are first needed: they are no part of what training takes in memory.
 * @param {() => () => void} make
 */
function onceMade(make) {
  /** @type {(() => void) | undefined} */
  let made;
  return () => (made ??= make())();
}

/**
 * One time step after the other, the state carried on.
 * @param {(state: RecurrentState | undefined) => RecurrentState} step
 */
function stepping(step) {
  /** @type {RecurrentState | undefined} */
  let state;
  return () => {
    const before = state;
    state = engine.scope(() => noGrad(() => step(before)));
    before?.h.end();
    before?.c?.end();
  };
}
