// A training loop by hand, on sequences of various lengths: does a row of bits hold an even or an odd number of ones?
// No single-layer perceptron can tell (Minsky & Papert 1969); a recurrent network has to remember one bit.
//
//   npm ci && npm run build && node examples/custom-loop.js
import { Adam, clipGradNorm, crossEntropy, engine, Linear, LSTM, noGrad, tensor } from "@hiddenstate/core";
import { Random, randomKey, reshape } from "@hiddenstate/core";

const [batch, hiddenSize, steps] = [64, 32, 300];
const random = new Random(randomKey(0, "bits"));

await engine.init({ seed: 0 });
const lstm = new LSTM({ inputSize: 1, hiddenSize });
const head = new Linear({ inputSize: hiddenSize, outputSize: 2 });
const parameters = [...lstm.parameters(), ...head.parameters()];
const adam = new Adam(parameters, { lr: 0.01 });

for (let step = 1; step <= steps; step++) {
  // Tensors made in a scope end with it, except what it returns: nobody disposes them.
  const measured = engine.scope(() => {
    const { x, lengths, parity } = randomBits(1, 12);
    adam.zeroGrad();
    const loss = crossEntropy(logitsOf(x, lengths), parity);
    loss.backward();
    const norm = clipGradNorm(parameters, 1); // as it was before clipping
    adam.step();
    return { loss, norm };
  });
  if (step % 50 === 0) {
    const [loss, norm] = [await measured.loss.item(), await measured.norm.item()];
    console.log(`step ${step}: loss ${loss.toFixed(4)}, gradient norm ${norm.toFixed(3)}`);
  }
}

for (const length of [4, 12, 48]) {
  const { x, lengths, parity } = randomBits(length, length);
  const logits = await noGrad(() => logitsOf(x, lengths)).data();
  const right = parity.filter((answer, b) => Number(logits[2 * b + 1] > logits[2 * b]) === answer).length;
  console.log(`${length} bits: ${right} of ${batch} right`);
}

/** The last state of each sequence says it all: [1, B, H], after the row's own last step. */
function logitsOf(/** @type {import("@hiddenstate/core").Tensor} */ x, /** @type {number[]} */ lengths) {
  const { state } = lstm.forward(x, { lengths });
  return head.forward(reshape(state.h, [batch, hiddenSize]));
}

/** Rows of bits, -1 and 1, padded to the longest with NaN: what lies beyond a row's length is never read. */
function randomBits(/** @type {number} */ shortest, /** @type {number} */ longest) {
  const lengths = Array.from({ length: batch }, () => shortest + random.integer(longest - shortest + 1));
  const values = new Float32Array(longest * batch).fill(NaN);
  const parity = lengths.map((length, b) => {
    let ones = 0;
    for (let t = 0; t < length; t++) {
      const bit = random.integer(2);
      values[t * batch + b] = 2 * bit - 1; // [T, B, 1]: time first
      ones += bit;
    }
    return ones % 2;
  });
  return { x: tensor(values, [longest, batch, 1]), lengths, parity };
}
