// What an LSTM's options do to one small task: telling where strings such as aaabbb end, which takes counting (Gers & Schmidhuber 2001). Networks
// with one option each learn it from n of 1 to 10, and are then asked how far they can count.
//
//   npm ci && npm run build && node examples/cell-options.js
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  engine,
  GRU,
  Linear,
  LSTM,
  noGrad,
  Random,
  randomKey,
  tensor,
} from "@hiddenstate/core";

const [hiddenSize, batch, steps, longest, farthest] = [12, 16, 500, 10, 40];
await engine.init({ seed: 0 });

/** @type {[name: string, options: Partial<import("@hiddenstate/core").RecurrentOptions>][]} */
const variants = [
  ["plain", {}],
  ["layer normalisation", { layerNorm: true }],
  ["peepholes", { peepholes: true }],
  ["coupled gates", { coupledGates: true }],
  ["projection to 6", { projection: 6 }],
  ["learned state", { learnedState: true }],
  ["recurrent dropout", { recurrentDropout: 0.1 }],
  ["the same, variational", { recurrentDropout: 0.1, variational: true }],
  ["two layers, residual", { layers: 2, residual: true }],
];

// Losses are those of training: with dropout, those of networks of which some units write nothing.
console.log(`${"LSTM".padEnd(22)} parameters   loss after 100, 300, ${steps} steps   counts to`);
for (const [name, options] of variants) {
  const lstm = new LSTM({ inputSize: 2, hiddenSize, name: "lstm", ...options });
  const output = new Linear({ inputSize: lstm.outputSize, outputSize: 2, name: "output" });
  const parameters = [...lstm.parameters(), ...output.parameters()];
  const adam = new Adam(parameters, { lr: 0.02 });
  const random = new Random(randomKey(0, "strings"));

  const losses = [];
  for (let step = 1; step <= steps; step++) {
    const loss = engine.scope(() => {
      const { x, lengths, isLast } = strings(Array.from({ length: batch }, () => 1 + random.integer(longest)));
      adam.zeroGrad();
      const mean = crossEntropy(output.forward(lstm.forward(x, { lengths }).output), isLast, { ignoreIndex: -100 });
      mean.backward();
      clipGradNorm(parameters, 1);
      adam.step();
      return mean;
    });
    if ([100, 300, steps].includes(step)) losses.push((await loss.item()).toFixed(4));
  }

  lstm.eval();
  const reach = countsTo(lstm, output);
  const count = lstm.parameterCount() + output.parameterCount();
  console.log(
    `${name.padEnd(22)} ${String(count).padStart(10)}   ${losses.join("  ").padEnd(31)}  ${"▇".repeat(reach)} ${reach}`,
  );
}

// Not every cell may have every option; the reason is said.
try {
  console.log(new GRU({ inputSize: 2, hiddenSize, peepholes: true }).parameterCount());
} catch (error) {
  console.log(`\n${/** @type {Error} */ (error).message}`);
}

/**
 * Strings of n times a and n times b, each padded to the longest. After each b: is it the last?
 * @param {number[]} ns
 */
function strings(ns) {
  const lengths = ns.map((n) => 2 * n);
  const most = Math.max(...lengths);
  const x = new Float32Array(most * ns.length * 2); // [T, B, 2]: a, b
  const isLast = new Int32Array(most * ns.length).fill(-100); // not asked after an a
  ns.forEach((n, row) => {
    for (let t = 0; t < 2 * n; t++) {
      const at = t * ns.length + row;
      x[2 * at + Number(t >= n)] = 1;
      if (t >= n) isLast[at] = Number(t === 2 * n - 1);
    }
  });
  return { x: tensor(x, [most, ns.length, 2]), lengths, isLast };
}

/**
 * The largest n up to which every string ends where the network says.
 * @param {LSTM} lstm
 * @param {Linear} output
 */
function countsTo(lstm, output) {
  const ns = Array.from({ length: farthest }, (_, i) => i + 1);
  const { x, lengths, isLast } = strings(ns);
  const scores = noGrad(() => output.forward(lstm.forward(x, { lengths }).output)).dataSync();
  const wrong = isLast.map((last, at) => Number(last >= 0 && Number(scores[2 * at + 1] > scores[2 * at]) !== last));
  const first = ns.findIndex((_, row) => wrong.some((mistake, at) => mistake && at % ns.length === row));
  return first < 0 ? farthest : first;
}
