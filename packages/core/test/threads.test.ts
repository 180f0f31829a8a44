import { type AnyRecurrentNetwork, observe } from "../src/inspect/observe.ts";
import { RecurrentNetwork } from "../src/nn/recurrent.ts";
import { availableParallelism } from "node:os";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import {
  crossEntropy,
  engine,
  type EngineOptions,
  type LanguageModelTraining,
  Linear,
  MemoryStorage,
  Random,
  randomKey,
  type Tensor,
  tensor,
  trainLanguageModel,
  type TrainingEvent,
} from "../src/index.ts";
import { runtime } from "../src/memory/runtime.ts";
import type { RecurrentOptions } from "../src/nn/recurrent-options.ts";
import { sequenceNetwork, type SequenceNetwork } from "../src/nn/recurrent-network.ts";
import { everyEngine } from "./engines.ts";
import { everyCell } from "./networks.ts";
import { watchWorkers } from "./watch-workers.ts";

const threaded = everyEngine.filter(({ options }) => options.backend !== "reference");

afterAll(() => engine.close());
afterEach(() => vi.restoreAllMocks());

/** An engine whose threads all take part. */
async function start(options: EngineOptions): Promise<void> {
  const { threads } = await engine.init(options);
  expect(threads).toBe(options.threads);
  await runtime().kernelSet.team?.whenReady();
}

function numbers(count: number, path: string): Float64Array {
  const random = new Random(randomKey(3, "test", path));
  return Float64Array.from({ length: count }, () => random.normal());
}

const [steps, batch, inputSize, hiddenSize, classes] = [24, 16, 96, 128, 70];
/** Some end early, one before it starts. */
const mixed = Array.from({ length: batch }, (_, i) => Math.round((steps * i) / (batch - 1)));

interface Kind {
  kind: string;
  make: (options: RecurrentOptions) => SequenceNetwork;
}
const everyKind: readonly Kind[] = [
  ...everyCell,
  { kind: "transformer", make: (options) => sequenceNetwork({ ...options, cell: "transformer" }) },
  {
    kind: "causal transformer",
    make: (options) => sequenceNetwork({ ...options, bidirectional: false, cell: "transformer", positions: 9 }),
  },
];

/** Everything that a forward and backward pass through a network and a classifier gives. */
function passes(make: Kind["make"], lengths?: number[]): Float32Array[] {
  const network = make({ inputSize, hiddenSize, layers: 2, bidirectional: true, dropout: 0.25, name: "network" });
  const width = hiddenSize * network.directions;
  const classifier = new Linear({ inputSize: width, outputSize: classes, name: "classifier" });
  const x = tensor(numbers(steps * batch * inputSize, "x"), [steps, batch, inputSize]);
  x.requiresGrad = true;
  const targets = tensor(
    Int32Array.from({ length: steps * batch }, (_, i) => i % classes),
    [steps, batch],
    { dtype: "int32" },
  );
  const { output, state } = network.forward(x, { lengths });
  const loss = crossEntropy(classifier.forward(output), targets);
  loss.backward();
  const parameters = [...network.parameters(), ...classifier.parameters()];
  const results: (Tensor | null | undefined)[] = [
    loss,
    output,
    state.h,
    state.c,
    x.grad,
    ...parameters.map((p) => p.grad),
  ];
  const whole = (): Tensor => crossEntropy(classifier.forward(network.forward(x, { lengths }).output), targets);
  const observed = network instanceof RecurrentNetwork ? observe(network as AnyRecurrentNetwork, whole) : [];
  const taps = observed.flatMap(({ hiddenGradient, cellGradient, gates }) => [
    hiddenGradient!,
    ...(cellGradient ? [cellGradient] : []),
    ...Object.values(gates),
  ]);
  return [...results.flatMap((result) => (result ? [result.dataSync()] : [])), ...(taps as Float32Array[])];
}

describe.skipIf(availableParallelism() < 2).each(threaded)(
  "on $name, two threads have the bits of one",
  ({ options }) => {
    test.each(everyKind)("in $kind, forward and backward", async ({ make }) => {
      for (const lengths of [undefined, mixed]) {
        await start({ ...options, threads: 1 });
        const one = passes(make, lengths);
        await start({ ...options, threads: 2 });
        const two = passes(make, lengths);
        expect(one.length).toBeGreaterThan(20);
        two.forEach((values, i) => expect(Buffer.from(values.buffer).equals(Buffer.from(one[i].buffer))).toBe(true));
      }
    });
  },
);

const text = "the quick brown fox jumps over the lazy dog; ".repeat(400);
const training: LanguageModelTraining = {
  cell: "lstm",
  hidden: 96,
  layers: 1,
  steps: 60,
  batch: 16,
  bptt: 32,
  evaluateEvery: 20,
  checkpointEvery: 20,
  logEvery: 5,
};

async function run(
  storage: MemoryStorage,
  {
    resume,
    onEvent,
    ...options
  }: LanguageModelTraining & { resume?: boolean; onEvent?: (event: TrainingEvent) => Promise<void> | void } = {},
): Promise<void> {
  const all = { ...training, ...options };
  for await (const event of trainLanguageModel({ training: text }, all, { storage, resume })) await onEvent?.(event);
}

describe.skipIf(availableParallelism() < 2).each(threaded)("training on $name", ({ options }) => {
  test("writes the same bytes on one thread and on two", async () => {
    const saved: Buffer[] = [];
    for (const threads of [1, 2]) {
      await start({ ...options, threads });
      const storage = new MemoryStorage();
      await run(storage);
      for (const file of ["model.safetensors", "training/last.safetensors"]) {
        saved.push(Buffer.from(storage.files.get(file)!));
      }
    }
    expect(saved[2].equals(saved[0])).toBe(true);
  });

  test("saves the run when a worker dies between two steps, and goes on from there to the same bytes", async () => {
    await start({ ...options, threads: 1 });
    const whole = new MemoryStorage();
    await run(whole);

    const workers = watchWorkers();
    await start({ ...options, threads: 2 });
    const storage = new MemoryStorage();
    let lastStep = 0;
    const broken = run(storage, {
      async onEvent(event) {
        if (event.type !== "step") return;
        lastStep = event.step;
        if (event.step === 35) await workers[0].terminate();
      },
    });
    await expect(broken).rejects.toMatchObject({
      code: "worker",
      message:
        "train: threads: a worker died: exit code 1; if it happens again, use threads: 1; the run is saved up to step 35",
    });
    expect(lastStep).toBe(35);

    await start({ ...options, threads: 1 });
    await run(storage, { resume: true });
    const model = (one: MemoryStorage): Buffer => Buffer.from(one.files.get("model.safetensors")!);
    expect(model(storage).equals(model(whole))).toBe(true);
  });

  test("saves model and checkpoint of means when a worker dies before the first evaluation", async () => {
    const means = { average: 0.9, steps: 20 };
    await start({ ...options, threads: 1 });
    const whole = new MemoryStorage();
    await run(whole, means);

    const workers = watchWorkers();
    await start({ ...options, threads: 2 });
    const storage = new MemoryStorage();
    const onEvent = async (event: TrainingEvent): Promise<void> => {
      if (event.type === "step" && event.step === 10) await workers[0].terminate();
    };
    await expect(run(storage, { ...means, onEvent })).rejects.toThrow("the run is saved up to step 10");
    expect([...storage.files.keys()]).toEqual(
      expect.arrayContaining(["model.safetensors", "training/last.safetensors"]),
    );

    await start({ ...options, threads: 1 });
    await run(storage, { ...means, resume: true });
    const model = (one: MemoryStorage): Buffer => Buffer.from(one.files.get("model.safetensors")!);
    expect(model(storage).equals(model(whole))).toBe(true);
  });
});
