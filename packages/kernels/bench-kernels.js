// GFLOP/s of each kernel, and of a whole training step made of them, at the shapes of lstm-2x256-b32-t64-v64. One thread.
//
//   npm run build && node packages/kernels/bench-kernels.js [avx512|avx2|neon|relaxed|simd128] [--cell gru] [--hidden 256] [--batch 32]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chooseKernels } from "../core/dist/kernels/choose.js";
import { hasRelaxedSimd } from "../core/dist/kernels/wasm/relaxed-simd.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cell: { type: "string", default: "lstm" },
    hidden: { type: "string", default: "256" },
    batch: { type: "string", default: "32" },
    steps: { type: "string", default: "64" },
    classes: { type: "string", default: "64" },
    clock: { type: "string", default: "wall" }, // or cpu: where others use the machine too
    repeats: { type: "string", default: "9" },
    module: { type: "string" }, // a wasm file of another build, to compare with
  },
});
const instructionSet = /** @type {import("../core/dist/index.js").InstructionSet | undefined} */ (positionals[0]);
/** Seconds, from some start. */
const now = () => {
  if (values.clock === "wall") return performance.now() / 1000;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const H = Number(values.hidden);
const B = Number(values.batch);
const T = Number(values.steps);
const V = Number(values.classes);
const L = 2;
const N = T * B;
const G = { lstm: 4, gru: 3, rnn: 1 }[values.cell] ?? 4;

hasRelaxedSimd(); // Switches it on where that needs a flag.
const module = values.module && (await WebAssembly.compile(readFileSync(values.module)));
const request = module ? { backend: /** @type {const} */ ("wasm"), module } : { instructionSet };
const { kernelSet: set } = await chooseKernels({ ...request, precision: "f32", askedBy: "command line" });
const k = set.kernels;
let top = set.heapStart;
/** Room for so many floats, filled with small numbers. */
function room(/** @type {number} */ count, scale = 0.1) {
  const offset = top;
  top = Math.ceil((top + 4 * count) / 64) * 64;
  set.reserve(top);
  let state = offset;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
  set.writeFloats(
    offset,
    Float32Array.from({ length: count }, () => scale * random()),
  );
  return offset;
}
function ints(/** @type {number[]} */ numbers) {
  const offset = room(numbers.length);
  set.writeInts(offset, numbers);
  return offset;
}

const W = set.gateWidth(G, H);
const sizes = ints(Array.from({ length: T }, () => B));
const tokens = ints(Array.from({ length: N }, (_, i) => (i * 7919) % V));
const targets = ints(Array.from({ length: N }, (_, i) => (i * 104729) % V));
const embedding = room(V * H);
const gradEmbedding = room(V * H);
const embedded = room(N * H);
const layers = Array.from({ length: L }, () => ({
  weights: [room(G * H * H), room(G * H * H)],
  grads: [room(G * H * H), room(G * H * H)],
  biases: [room(G * H), room(G * H)],
  gradBiases: [room(G * H), room(G * H)],
  forwardPanels: [0, 1].map(() => room(set.gatePanelSize(G, H, H, 0))),
  backwardPanels: [0, 1].map(() => room(set.gatePanelSize(G, H, H, 1))),
  bias: room(W),
  hiddenBias: room(set.gateWidth(1, H)),
  output: room(N * H),
  final: [room(B * H), room(B * H)],
  previousHidden: room(N * H),
  previousCell: room(N * H),
  gates: room(N * W),
  gateGradients: room(N * W),
  hiddenGateGradients: room(N * W),
  gradInitial: [room(B * H), room(B * H)],
  gradX: room(N * H),
}));
const [linear, gradLinear, linearBias, gradLinearBias] = [room(V * H), room(V * H), room(V), room(V)];
const [logits, gradLogits, normalizer, gradTop] = [room(N * V), room(N * V), room(2 * N), room(N * H)];
const [loss, counted, norm, one] = [room(1), room(1), room(1), room(1)];
set.writeFloats(one, [1]);

/** @type {[number, number, number][]} */
const parameters = [
  [embedding, gradEmbedding, V * H],
  [linear, gradLinear, V * H],
  [linearBias, gradLinearBias, V],
];
for (const layer of layers) {
  for (const i of [0, 1]) {
    parameters.push([layer.weights[i], layer.grads[i], G * H * H], [layer.biases[i], layer.gradBiases[i], G * H]);
  }
}
const segments = ints(parameters.flatMap(([, gradient, count]) => [gradient, count]));
const adamSegments = ints(parameters.flatMap(([p, g, count]) => [p, g, room(count, 0), room(count, 0), count]));
const rates = room(4 * parameters.length);
set.writeFloats(
  rates,
  parameters.flatMap(() => [1e-3, 0, 0.1, 0.001]),
);

/** @type {Map<string, { seconds: number, flops: number }>} */
const spent = new Map();
/** Runs one piece and notes its time under a name. */
function timed(/** @type {string} */ name, /** @type {number} */ flops, /** @type {() => void} */ run) {
  const start = now();
  run();
  const entry = spent.get(name) ?? { seconds: 0, flops: 0 };
  entry.seconds += now() - start;
  entry.flops += flops;
  spent.set(name, entry);
}

const gateProduct = 2 * N * H * G * H;
function forward(/** @type {typeof layers[number]} */ layer, /** @type {number} */ x) {
  timed("pack", 0, () => {
    for (const i of [0, 1]) {
      const shape = { weight: layer.weights[i], gates: G, hiddenSize: H, inputs: H };
      k.packGates({ panels: layer.forwardPanels[i], ...shape, transpose: 0 });
      k.packGates({ panels: layer.backwardPanels[i], ...shape, transpose: 1 });
    }
    const biases = { biasInput: layer.biases[0], biasHidden: layer.biases[1] };
    k.packGateBias({ out: layer.bias, ...biases, gates: G, hiddenSize: H, hiddenGates: G });
    k.packGateBias({ out: layer.hiddenBias, biasInput: 0, biasHidden: 0, gates: 1, hiddenSize: H, hiddenGates: 0 });
  });
  const shared = {
    x,
    inputPanels: layer.forwardPanels[0],
    hiddenPanels: layer.forwardPanels[1],
    bias: layer.bias,
    initialHidden: 0,
    batchSizes: sizes,
    output: layer.output,
    finalHidden: layer.final[0],
    previousHidden: layer.previousHidden,
    gates: layer.gates,
    xStride: H,
    outputStride: H,
    steps: T,
    batch: B,
    rows: N,
    inputSize: H,
    hiddenSize: H,
    reverse: 0,
  };
  timed(`${values.cell}Forward`, 2 * gateProduct, () => {
    if (values.cell === "gru") {
      k.gruForward({ ...shared, hiddenBias: layer.hiddenBias, candidate: layer.previousCell, resetAfter: 1 });
    } else if (values.cell === "rnn") k.rnnForward({ ...shared, relu: 0 });
    else k.lstmForward({ ...shared, initialCell: 0, finalCell: layer.final[1], previousCell: layer.previousCell });
  });
}

function backward(
  /** @type {typeof layers[number]} */ layer,
  /** @type {number} */ x,
  /** @type {number} */ gradOutput,
) {
  const shared = {
    gradOutput,
    gradFinalHidden: 0,
    hiddenPanels: layer.backwardPanels[1],
    batchSizes: sizes,
    gates: layer.gates,
    gateGradients: layer.gateGradients,
    gradInitialHidden: layer.gradInitial[0],
    hiddenTap: 0,
    gradOutputStride: H,
    steps: T,
    batch: B,
    rows: N,
    hiddenSize: H,
    reverse: 0,
  };
  let hiddenGateGradients = layer.gateGradients;
  timed(`${values.cell}Backward`, gateProduct, () => {
    if (values.cell === "gru") {
      hiddenGateGradients = layer.hiddenGateGradients;
      const { previousHidden, previousCell: candidate } = layer;
      k.gruBackward({ ...shared, previousHidden, candidate, hiddenGateGradients, resetAfter: 1 });
    } else if (values.cell === "rnn") k.rnnBackward({ ...shared, relu: 0 });
    else
      k.lstmBackward({
        ...shared,
        gradFinalCell: 0,
        previousCell: layer.previousCell,
        gradInitialCell: layer.gradInitial[1],
        cellTap: 0,
      });
  });
  const slab = { rows: N, gates: G, hiddenSize: H, accumulate: 1 };
  timed("gateWeightGradient", 2 * gateProduct, () => {
    const shape = { ...slab, xStride: H, inputs: H, firstGate: 0, gateCount: G };
    k.gateWeightGradient({ gradWeight: layer.grads[0], gateGradients: layer.gateGradients, x, ...shape });
    k.gateWeightGradient({
      gradWeight: layer.grads[1],
      gateGradients: hiddenGateGradients,
      x: layer.previousHidden,
      ...shape,
    });
  });
  timed("gateBiasGradient", 0, () => {
    k.gateBiasGradient({ gradBias: layer.gradBiases[0], gateGradients: layer.gateGradients, ...slab });
    k.gateBiasGradient({ gradBias: layer.gradBiases[1], gateGradients: hiddenGateGradients, ...slab });
  });
  timed("gemmPacked (gradient of x)", gateProduct, () =>
    k.gemmPacked({
      c: layer.gradX,
      a: layer.gateGradients,
      panels: layer.backwardPanels[0],
      bias: 0,
      m: N,
      n: H,
      k: W,
      cStride: H,
      aStride: W,
      accumulate: 0,
    }),
  );
}

function trainingStep() {
  timed("zero gradients", 0, () => parameters.forEach(([, out, count]) => k.fill({ out, count, value: 0 })));
  timed("gatherRows", 0, () =>
    k.gatherRows({ out: embedded, x: embedding, index: tokens, rows: N, width: H, accumulate: 0 }),
  );
  forward(layers[0], embedded);
  forward(layers[1], layers[0].output);
  const product = { bias: 0, accumulate: 0, transposeA: 0, transposeB: 0 };
  const linearFlops = 2 * N * H * V;
  timed("gemm (linear)", linearFlops, () =>
    k.gemm({
      ...product,
      c: logits,
      a: layers[1].output,
      b: linear,
      bias: linearBias,
      m: N,
      n: V,
      k: H,
      cStride: V,
      aStride: H,
      bStride: H,
      transposeB: 1,
    }),
  );
  const rows = { weights: 0, rows: N, classes: V, ignoreIndex: -100, mean: 1, labelSmoothing: 0 };
  timed("crossEntropy", 0, () =>
    k.crossEntropy({ loss, counted, logNormalizer: normalizer, logits, targets, ...rows }),
  );
  timed("crossEntropyBackward", 0, () =>
    k.crossEntropyBackward({
      gradLogits,
      gradLoss: one,
      counted,
      logNormalizer: normalizer,
      logits,
      targets,
      accumulate: 0,
      ...rows,
    }),
  );
  timed("gemm (linear, gradients)", 2 * linearFlops, () => {
    k.gemm({
      ...product,
      c: gradLinear,
      a: gradLogits,
      b: layers[1].output,
      m: V,
      n: H,
      k: N,
      cStride: H,
      aStride: V,
      bStride: H,
      transposeA: 1,
    });
    k.gemm({ ...product, c: gradTop, a: gradLogits, b: linear, m: N, n: H, k: V, cStride: H, aStride: V, bStride: H });
    k.reduceSum({ out: gradLinearBias, x: gradLogits, outer: 1, reduced: N, inner: V, scale: 1, accumulate: 1 });
  });
  backward(layers[1], layers[0].output, gradTop);
  backward(layers[0], embedded, layers[1].gradX);
  timed("scatterAddRows", 0, () =>
    k.scatterAddRows({ out: gradEmbedding, x: layers[0].gradX, index: tokens, rows: N, width: H }),
  );
  timed("globalNorm, clipByNorm", 0, () => {
    k.globalNorm({ norm, segments, segmentCount: parameters.length });
    k.clipByNorm({ segments, segmentCount: parameters.length, norm, maxNorm: 1 });
  });
  timed("adam", 0, () =>
    k.adam({
      segments: adamSegments,
      rates,
      segmentCount: parameters.length,
      decoupled: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
    }),
  );
}

/** Each repeat's time of a piece, by name. */
const history = new Map();
const totals = [];
let flops = 0;
for (let i = -4; i < Number(values.repeats); i++) {
  spent.clear();
  const start = now();
  trainingStep();
  const seconds = now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5)); // lets the optimising compiler deliver
  if (i < 0) continue;
  totals.push(seconds);
  flops = 0;
  for (const [name, entry] of spent) {
    flops += entry.flops;
    if (!history.has(name)) history.set(name, []);
    history.get(name).push(entry);
  }
}
// The machines are shared: the best of several runs says what the code can do, the spread says how disturbed the runs were.
const best = (/** @type {number[]} */ numbers) => Math.min(...numbers);
console.log(
  `${values.cell} ${L}x${H} b${B} t${T} v${V}, ${set.backend} ${set.instructionSet}, Node ${process.version}, best of ${totals.length}, ${values.clock} time`,
);
for (const [name, entries] of history) {
  const seconds = best(entries.map((/** @type {{ seconds: number }} */ entry) => entry.seconds));
  const rate = entries[0].flops ? `${(entries[0].flops / seconds / 1e9).toFixed(1)} GFLOP/s` : "";
  console.log(`${name.padEnd(30)} ${(1000 * seconds).toFixed(2).padStart(8)} ms  ${rate}`);
}
const step = best(totals);
const spread = `${(1000 * step).toFixed(1)} to ${(1000 * Math.max(...totals)).toFixed(1)}`;
console.log(
  `${"whole step".padEnd(30)} ${(1000 * step).toFixed(2).padStart(8)} ms  ${(flops / step / 1e9).toFixed(1)} GFLOP/s, ${(N / step).toFixed(0)} tokens/s (${spread} ms)`,
);
