// Times every kernel of a case's training steps.  usage: node profile-steps.js CASE ENGINE_OPTIONS_AS_JSON STEPS CLOCK; one line of JSON
import { engine } from "@hiddenstate/core";
import { parseCase } from "./cases.js";
import { withKernels } from "./kernel-times.js";
import { startEngine } from "./start-engine.js";
import { workOf } from "./work.js";

const shape = /** @type {import("./cases.js").Case} */ (parseCase(process.argv[2]));
const steps = Number(process.argv[4]);
const clock = process.argv[5] === "processor" ? processorMs : () => performance.now();
const info = await startEngine(process.argv[3]);
if (info) {
  const { train } = workOf(shape, info.instructionSet);
  const start = performance.now();
  for (let i = 0; i < 3 || performance.now() - start < 2000; i++) train();

  /** @type {Map<string, { calls: number, ms: number, flops: number }>} */
  const times = new Map();
  const before = clock();
  withKernels(
    null,
    (name, args, run) => {
      const started = clock();
      run();
      const ms = clock() - started;
      // A matrix product's name gets its shape.
      const { label, flops } = describe(name, args);
      const entry = times.get(label) ?? { calls: 0, ms: 0, flops: 0 };
      times.set(label, { calls: entry.calls + 1, ms: entry.ms + ms, flops: entry.flops + flops });
    },
    () => {
      for (let i = 0; i < steps; i++) train();
    },
  );
  const total = clock() - before;
  const kernels = [...times].map(([kernel, { calls, ms, flops }]) => ({
    kernel,
    calls: calls / steps,
    ms: ms / steps,
    share: ms / total,
    ...(flops > 0 && { gflops: flops / ms / 1e6 }),
  }));
  const inKernels = kernels.reduce((sum, { ms }) => sum + ms, 0);
  const stepMs = total / steps;
  kernels.push({ kernel: "(outside kernels)", calls: 1, ms: stepMs - inKernels, share: 1 - inKernels / stepMs });
  kernels.sort((a, b) => b.ms - a.ms);
  const { backend, instructionSet } = info;
  const facts = { backend, instructionSet, node: process.version, stepMs };
  engine.close();
  process.stdout.write(`${JSON.stringify({ ready: true, ...facts, kernels })}\n`);
}

/** Time that this process was on a processor: the same however busy the machine is, on one thread. */
function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** @param {string} name @param {Record<string, number>} args */
function describe(name, args) {
  const { m, n, k, rows, hiddenSize, inputSize, inputs, gateCount } = args;
  const gates = { l: 4, g: 3, r: 1 }[name[0]] ?? 0;
  switch (name) {
    case "gemm":
    case "gemmPacked":
      return { label: `${name} ${m}x${n}x${k}`, flops: 2 * m * n * k };
    case "gateWeightGradient":
      return { label: name, flops: 2 * rows * gateCount * hiddenSize * inputs };
    case "rnnForward":
    case "lstmForward":
    case "gruForward":
      return { label: name, flops: 2 * rows * gates * hiddenSize * (inputSize + hiddenSize) };
    case "rnnBackward":
    case "lstmBackward":
    case "gruBackward":
      return { label: name, flops: 2 * rows * gates * hiddenSize * hiddenSize };
    default:
      return { label: name, flops: 0 };
  }
}
