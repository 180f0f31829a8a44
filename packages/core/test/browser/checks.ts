// What the browser test runs, once on the page and once in a Web Worker.
// The bundle is made from core's build, as a user's would be: what is not exported by the package
// comes from "../../dist/...", never from "../../src/...", or there would be two engines.
import { engine, noGrad, tensor, type TextModel, version } from "@hiddenstate/core";
import relaxedFile from "@hiddenstate/core/wasm/relaxed.wasm?url";
import simd128File from "@hiddenstate/core/wasm/simd128.wasm?url";
import { conformanceCases, runConformance } from "../../dist/kernels/conformance/index.js";
import { runtime } from "../../dist/memory/runtime.js";
import { createReferenceKernels } from "../../dist/kernels/reference/index.js";
import { createWasmKernels, type InstructionSet } from "../../dist/kernels/wasm/index.js";
import { startWasm } from "../../dist/kernels/wasm/instance.js";
import { isShared } from "../../dist/kernels/wasm/memory.js";
import { hasRelaxedSimd } from "../../dist/kernels/wasm/relaxed-simd.js";
import { type CheckName, checkNames, type CheckResult, type Report } from "./report.ts";
import { text, trainTenSteps } from "./training.ts";

/** What a check says: what it found, and a line for each thing that was wrong. */
interface Finding {
  found: string;
  failures?: string[];
}

/** What later checks take from the training. */
interface Trained {
  losses: number[];
  model: TextModel;
  saved: Uint8Array;
}

/** @param tell is told of each result as it comes */
export async function runChecks(tell: (result: CheckResult) => void): Promise<Report> {
  const best: InstructionSet = hasRelaxedSimd() ? "relaxed" : "simd128";
  let trained: Trained | undefined;

  const checks: Record<CheckName, () => Promise<Finding>> = {
    "the default engine is WebAssembly, with relaxed SIMD where the browser has it": async () => {
      const { backend, instructionSet, precision } = await engine.init();
      const found = `${backend}, ${instructionSet}, ${precision}`;
      return expecting(found === `wasm, ${best}, f32`, found);
    },

    "the heap is shared memory where the page is isolated, and only there": async () => {
      const shared = isShared((await startWasm()).memory);
      return expecting(shared === globalThis.crossOriginIsolated, shared ? "shared" : "not shared");
    },

    "the heap grows and keeps its numbers": async () => {
      const before = engine.info().reservedBytes;
      const count = 2 ** 22;
      const small = tensor([1, 2, 3]);
      const large = tensor(Float32Array.from({ length: count }, (_, i) => i));
      const kept =
        [...(await small.data())].join() === "1,2,3" && (await large.data()).every((value, i) => value === i);
      const after = engine.info().reservedBytes;
      const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
      return expecting(kept && after > before, `from ${mebibytes(before)} to ${mebibytes(after)}`);
    },

    "every kernel conforms to the reference, with relaxed SIMD": async () =>
      best === "relaxed" ? conformance("relaxed") : { found: "this browser has none" },

    "every kernel conforms to the reference, with 128-bit SIMD": () => conformance("simd128"),

    "ten steps of training lower the loss": async () => {
      await engine.init();
      trained = await trainTenSteps();
      const { losses } = trained;
      const falls = losses.length === 10 && losses.every(Number.isFinite) && losses[9] < losses[0] - 0.2;
      return expecting(falls, losses.map((loss) => loss.toFixed(3)).join(" "));
    },

    "the same seed writes the same text, another seed another": async () => {
      const [first, again, other] = [
        await write(trained!.model, 1),
        await write(trained!.model, 1),
        await write(trained!.model, 2),
      ];
      return expecting(first === again && first !== other && first.length === 60, JSON.stringify(first));
    },

    "a stream has the bits of a batch": async () => streamAgainstBatch(trained!.model),

    "two threads compute in an isolated page's worker, with the bits of one; elsewhere it says why they do not":
      threads,

    "a module compiled from the shipped file, on a heap that is not shared, trains to the same bits": async () => {
      const file = best === "relaxed" ? relaxedFile : simd128File;
      const module = await WebAssembly.compileStreaming(fetch(file));
      const shared = isShared((await startWasm(undefined, module)).memory);
      const { instructionSet } = await engine.init({ module });
      const { saved } = await trainTenSteps();
      const same = saved.length === trained!.saved.length && saved.every((byte, i) => byte === trained!.saved[i]);
      const found = `${file.split("/").at(-1)}: ${instructionSet}, ${shared ? "shared" : "not shared"}, ${same ? "the same" : "other"} bits`;
      return expecting(!shared && instructionSet === best && same, found);
    },
  };

  const results: CheckResult[] = [];
  for (const name of checkNames) {
    const result = await attempt(name, checks[name]);
    results.push(result);
    tell(result);
    await macrotask();
  }
  const { crossOriginIsolated } = globalThis;
  return { crossOriginIsolated, version, results, losses: trained?.losses ?? [], instructionSet: best };
}

function expecting(right: boolean, found: string): Finding {
  return { found, failures: right ? [] : [found] };
}

async function attempt(name: CheckName, check: () => Promise<Finding>): Promise<CheckResult> {
  const start = performance.now();
  let finding: Finding;
  try {
    finding = await check();
  } catch (error) {
    finding = { found: "", failures: [String((error as Error).stack ?? error)] };
  }
  return { name, failures: [], ...finding, seconds: (performance.now() - start) / 1000 };
}

/** The whole suite, in parts, so that the page can show how far it is. */
async function conformance(instructionSet: InstructionSet): Promise<Finding> {
  const candidate = await createWasmKernels({ instructionSet });
  const reference = createReferenceKernels("f64");
  const cases = conformanceCases();
  const failures: string[] = [];
  for (let first = 0; first < cases.length; first += 100) {
    const results = runConformance(candidate, { cases: cases.slice(first, first + 100), reference });
    failures.push(...results.flatMap((result) => result.failures));
    await macrotask();
  }
  return { found: `${cases.length} cases`, failures };
}

async function write(model: TextModel, seed: number): Promise<string> {
  let written = "";
  for await (const piece of model.generate({ prompt: "Alice ", length: 60, seed })) written += piece;
  return written;
}

/** Three texts side by side against each of them alone, token by token. */
function streamAgainstBatch(model: TextModel): Finding {
  const steps = 30;
  const streams = [0, 100, 200].map((from) => model.tokenizer.encode(text.slice(from, from + steps)));
  const ids = Int32Array.from({ length: steps * streams.length }, (_, i) => streams[i % 3][Math.floor(i / 3)]);
  const logits = engine.scope(() =>
    noGrad(() => model.model.forward(tensor(ids, [steps, streams.length], { dtype: "int32" })).logits.dataSync()),
  );
  const width = model.tokenizer.size;
  const failures: string[] = [];
  streams.forEach((tokens, row) => {
    const stream = model.stream();
    tokens.forEach((id, t) => {
      stream.pushToken(id);
      const expected = logits.subarray((t * streams.length + row) * width, (t * streams.length + row + 1) * width);
      const wrong = stream.logits!.findIndex((value, i) => !Object.is(value, expected[i]));
      if (wrong >= 0)
        failures.push(`text ${row}, step ${t}, logit ${wrong}: ${stream.logits![wrong]} instead of ${expected[wrong]}`);
    });
  });
  return { found: `${streams.length} texts, ${steps} steps, ${width} logits each`, failures };
}

const inWorker = typeof document === "undefined";

/** Whole trainings, on one thread and on two: those start while the training runs. */
async function threads(): Promise<Finding> {
  const one = await trainWith(1);
  const two = await trainWith(2);
  const same = one.saved.length === two.saved.length && one.saved.every((byte, i) => byte === two.saved[i]);
  const possible = inWorker && globalThis.crossOriginIsolated && navigator.hardwareConcurrency > 1;
  const said = possible
    ? two.notices.length === 0
    : /cross-origin isolated|may not wait|one processor/.test(two.notices.join());
  const right = two.threads === (possible ? 2 : 1) && two.helping === (possible ? 1 : 0) && said;
  return expecting(
    same && right,
    [
      `${two.threads} threads, ${two.helping} beside the first; ${same ? "the same" : "other"} bits`,
      ...two.notices,
    ].join("\n"),
  );
}

async function trainWith(
  count: number,
): Promise<{ threads: number; helping: number; notices: readonly string[]; saved: Uint8Array }> {
  await engine.init({ threads: count });
  const { saved } = await trainTenSteps({ hidden: 128, batch: 16, bptt: 30, steps: 30 });
  const { threads: used, notices } = engine.info();
  const { team } = runtime().kernelSet as { team: { ready: number } | null };
  return { threads: used, helping: team?.ready ?? 0, notices, saved };
}

/** Lets the page draw. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
