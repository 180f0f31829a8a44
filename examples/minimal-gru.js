// A minGRU (Feng et al. 2024): gates and candidate see the input only, so that all matrix products of a layer run over all time steps at once, and a
// scan, element by element, is all that is left of the recurrence. It learns to latch (at every step, name the letter that stood behind the last
// exclamation mark), beside a GRU of the same width; then it is streamed, one step at a time, and has the bits of the scan.
//
//   npm ci && npm run build && node examples/minimal-gru.js
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  Embedding,
  engine,
  GRU,
  Linear,
  MinGRU,
  noGrad,
  Random,
  randomKey,
  tensor,
} from "@hiddenstate/core";

const [letters, mark, steps, batch, hiddenSize, trainings] = [8, 8, 64, 16, 96, 200];
await engine.init({ seed: 0 });

// Two layers: what one layer of a minGRU can't do, look at what another unit remembers, the layer above it can.
const shape = { inputSize: hiddenSize, hiddenSize, layers: 2, residual: true };
const learners = [learner("minGRU", new MinGRU(shape)), learner("GRU", new GRU(shape))];
const random = new Random(randomKey(0, "letters"));
for (let step = 1; step <= trainings; step++) {
  // In turns, on the same sequences: whatever else the machine does meets both.
  const examples = sequences();
  const losses = learners.map(({ train }) => train(examples));
  if (step % 50 === 0) {
    console.log(`step ${step}: loss ${learners.map(({ name }, i) => `${losses[i].toFixed(4)} (${name})`).join(", ")}`);
  }
}

const held = sequences();
for (const { name, parameters, times, logits } of learners) {
  const count = parameters.reduce((sum, { size }) => sum + size, 0);
  const right = noGrad(() => percentRight(logits(held), held));
  const time = `${median(times).toFixed(1)} ms a training step`;
  console.log(`${name}: ${count} parameters, ${time}, ${right.toFixed(1)} % right`);
}
const [fast, slow] = learners.map(({ times }) => median(times));
console.log(`the minGRU trains ${(slow / fast).toFixed(1)} times as fast`);

// Streamed, it takes one step at a time, with a state of one number for each unit and layer: the bits are those of the scan.
const [scanned] = learners;
const vectors = noGrad(() => scanned.embedding.forward(held.ids));
const whole = noGrad(() => scanned.network.forward(vectors).output).dataSync();
const read = vectors.dataSync();
const stream = scanned.network.stream({ rows: batch });
let same = 0;
for (let t = 0; t < steps; t++) {
  const output = stream.push(read.subarray(t * batch * hiddenSize, (t + 1) * batch * hiddenSize));
  same += Number(output.every((value, i) => Object.is(value, whole[t * batch * hiddenSize + i])));
}
console.log(
  `streamed: ${same} of ${steps} steps have the same bits; the state is ${stream.state().h.length / batch} numbers`,
);

/**
 * A network between an embedding and an output layer, and its training.
 * @param {string} name
 * @param {MinGRU | GRU} network
 */
function learner(name, network) {
  const embedding = new Embedding({ vocabularySize: letters + 1, embeddingSize: hiddenSize });
  const output = new Linear({ inputSize: hiddenSize, outputSize: letters });
  const parameters = [embedding, network, output].flatMap((part) => part.parameters());
  const adam = new Adam(parameters, { lr: 6e-3 });
  /** @type {number[]} */
  const times = [];
  const logits = (/** @type {Sequences} */ { ids }) => output.forward(network.forward(embedding.forward(ids)).output);
  const train = (/** @type {Sequences} */ examples) => {
    const start = performance.now();
    const loss = engine.scope(() => {
      adam.zeroGrad();
      const mean = crossEntropy(logits(examples), examples.answers, { ignoreIndex: -100 });
      mean.backward();
      clipGradNorm(parameters, 1);
      adam.step();
      return mean.itemSync();
    });
    times.push(performance.now() - start);
    return loss;
  };
  return { name, embedding, network, parameters, times, logits, train };
}

/**
 * Letters and marks at random, and the letter behind the last mark.
 * @typedef {ReturnType<typeof sequences>} Sequences
 */
function sequences() {
  const ids = new Int32Array(steps * batch); // [T, B]
  const answers = new Int32Array(steps * batch).fill(-100); // not asked before the first mark
  for (let at = 0; at < ids.length; at++) {
    const before = at < batch ? 0 : ids[at - batch];
    ids[at] = before !== mark && random.integer(10) === 0 ? mark : random.integer(letters);
    if (before === mark) answers[at] = ids[at];
    else if (at >= batch) answers[at] = answers[at - batch];
  }
  return { ids: tensor(ids, [steps, batch], { dtype: "int32" }), answers };
}

/**
 * How often the likeliest letter is the one that was asked for.
 * @param {import("@hiddenstate/core").Tensor} logits
 * @param {Sequences} sequences
 */
function percentRight(logits, { answers }) {
  const scores = logits.dataSync();
  const asked = [...answers.keys()].filter((at) => answers[at] >= 0);
  const right = asked.filter((at) => {
    const own = scores.subarray(at * letters, (at + 1) * letters);
    return own.indexOf(Math.max(...own)) === answers[at];
  });
  return (100 * right.length) / asked.length;
}

function median(/** @type {number[]} */ values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
