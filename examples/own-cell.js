// A cell of one's own: the minimal gated unit (Zhou et al. 2016), a GRU with one gate, in six lines. It is trained on rows of bits of various
// lengths (is the number of ones even or odd?), saved, loaded, and streamed bit by bit from a state in between.
//
//   npm ci && npm run build && node examples/own-cell.js
import {
  Adam,
  add,
  clipGradNorm,
  crossEntropy,
  engine,
  Linear,
  mul,
  noGrad,
  Recurrence,
  sub,
  tensor,
} from "@hiddenstate/core";
import { loadSafetensors, Random, randomKey, saveSafetensors, sigmoid, tanh } from "@hiddenstate/core";

const [batch, hiddenSize, steps] = [64, 16, 400];
const random = new Random(randomKey(0, "bits"));
await engine.init({ seed: 0 });

/** A network over the cell. The parameters are those of the parts; the cell is a function of what it reads and of the state. */
function gatedUnit() {
  const linear = (/** @type {number} */ inputSize, /** @type {string} */ name) =>
    new Linear({ inputSize, outputSize: hiddenSize, name });
  const [gateX, gateH, nextX, nextH] = [
    linear(1, "gateX"),
    linear(hiddenSize, "gateH"),
    linear(1, "nextX"),
    linear(hiddenSize, "nextH"),
  ];
  return new Recurrence({
    state: { h: hiddenSize },
    parts: { gateX, gateH, nextX, nextH },
    cell: (x, { h }) => {
      const gate = sigmoid(add(gateX.forward(x), gateH.forward(h)));
      const candidate = tanh(add(nextX.forward(x), nextH.forward(mul(gate, h))));
      const next = add(h, mul(gate, sub(candidate, h)));
      return { output: next, state: { h: next } };
    },
  });
}

const network = gatedUnit();
const head = new Linear({ inputSize: hiddenSize, outputSize: 2 });
const parameters = [...network.parameters(), ...head.parameters()];
const adam = new Adam(parameters, { lr: 0.01 });

for (let step = 1; step <= steps; step++) {
  const loss = engine.scope(() => {
    const { x, lengths, parity } = randomBits(1, 12);
    adam.zeroGrad();
    const wrong = crossEntropy(head.forward(network.forward(x, { lengths }).state.h), parity);
    wrong.backward();
    clipGradNorm(parameters, 1);
    adam.step();
    return wrong;
  });
  if (step % 100 === 0) console.log(`step ${step}: loss ${(await loss.item()).toFixed(4)}`);
}

const longer = randomBits(24, 24);
const logits = await noGrad(() => head.forward(network.forward(longer.x).state.h)).data();
const right = longer.parity.filter((answer, b) => Number(logits[2 * b + 1] > logits[2 * b]) === answer).length;
console.log(`24 bits, twice as many as ever seen: ${right} of ${batch} right`);

// Saved and loaded as any other network, and streamed one bit at a time.
const copy = gatedUnit();
copy.loadStateDict(loadSafetensors(await saveSafetensors(network.stateDict())).tensors);
const stream = copy.stream();
for (const bit of [1, -1, 1]) stream.push([bit]);
const saved = JSON.stringify(stream.state());
const other = copy.stream();
other.restore(JSON.parse(saved));
const [here, there] = [stream.push([1]), other.push([1])];
console.log(`a stream that goes on elsewhere gives the same: ${here.every((value, i) => value === there[i])}`);

/** Rows of bits, -1 and 1, padded to the longest with NaN: what lies beyond a row's length never reaches the cell. */
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
