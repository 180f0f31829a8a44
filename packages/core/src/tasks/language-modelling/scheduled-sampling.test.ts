import { beforeAll, describe, expect, test } from "vitest";
import { integers, weightedSum } from "../../../test/draws.ts";
import { checkGradients } from "../../autograd/gradient-check.ts";
import { noGrad } from "../../autograd/tape.ts";
import type { TextWindow } from "../../data/windows.ts";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import type { TrainingEvent } from "../../train/events.ts";
import type { SamplingSchedule } from "../../train/sampling-schedule.ts";
import { LanguageModel } from "./language-model.ts";
import { likeliestOfRows } from "../likeliest.ts";
import { ownOutput } from "../own-output.ts";
import { readOwnOutput } from "./sampled-window.ts";
import { type LanguageModelTraining, trainLanguageModel } from "./train-language-model.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";

const sizes = { vocabularySize: 5, hidden: 4, embedding: 3, layers: 2, dropout: 0 };
const window = {
  inputs: Int32Array.of(0, 1, 2, 3, 4, 0, 1, 2),
  steps: 4,
  batch: 2,
  carrySteps: 4,
} as TextWindow;

describe("a language model over a window", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("fed the text alone has the bits of all steps at once, and carries the same state", () => {
    const model = new LanguageModel({ ...sizes, name: "model" });
    const { logits, carried } = readOwnOutput(model, window, undefined, () => false);
    const together = model.forward(integers([...window.inputs], [4, 2]));
    expect(logits.exactDataSync()).toEqual(together.logits.exactDataSync());
    expect(carried.h.exactDataSync()).toEqual(together.state.h.exactDataSync());
  });

  test("fed its own output alone runs freely after the first token", () => {
    const model = new LanguageModel({ ...sizes, name: "model" });
    const { logits } = readOwnOutput(model, window, undefined, () => true);
    let tokens: ArrayLike<number> = window.inputs.slice(0, 2);
    let state: RecurrentState | undefined;
    const expected: number[] = [];
    for (let t = 0; t < 4; t++) {
      const next = noGrad(() => model.step(integers(Array.from(tokens)), state));
      expected.push(...next.logits.exactDataSync());
      tokens = likeliestOfRows(next.logits.exactDataSync(), 5);
      state = next.state;
    }
    expect(Array.from(logits.exactDataSync())).toEqual(expected);
  });

  test("has gradients through the steps where it reads its own output", () => {
    const model = new LanguageModel({ ...sizes, cell: "gru", name: "model" });
    const loss = () => weightedSum(readOwnOutput(model, window, undefined, (row, t) => (row + t) % 2 === 1).logits);
    checkGradients(loss, Object.fromEntries(model.stateDict()));
  });
});

describe("draws", () => {
  test("have the schedule's rate, and are the same for a row wherever it stands", () => {
    const schedule: SamplingSchedule = { kind: "linear", steps: 100 };
    const own = ownOutput(schedule, 30, { seed: 1, draw: 0 })!;
    let count = 0;
    for (let row = 0; row < 100; row++) for (let t = 1; t <= 100; t++) count += Number(own(row, t));
    expect(count / 10_000).toBeCloseTo(0.3, 1.5);
    const moved = ownOutput(schedule, 30, { seed: 1, draw: 0, rowId: (row) => row + 7 })!;
    for (let t = 1; t < 50; t++) expect(moved(3, t)).toBe(own(10, t));
    expect(ownOutput(schedule, 0, { seed: 1, draw: 0 })).toBeNull();
    expect(ownOutput(null, 30, { seed: 1, draw: 0 })).toBeNull();
  });
});

describe("training", () => {
  beforeAll(() => engine.init({ backend: "reference" }));
  const text = "the quick brown fox jumps over the lazy dog; ".repeat(20);
  const small: LanguageModelTraining = {
    hidden: 8,
    layers: 1,
    batch: 4,
    bptt: 8,
    steps: 12,
    evaluateEvery: 6,
    seed: 3,
  };

  async function run(
    options: LanguageModelTraining,
    where: TrainingRunOptions,
    onEvent?: (event: TrainingEvent) => void,
  ): Promise<Uint8Array> {
    for await (const event of trainLanguageModel({ training: text }, options, where)) onEvent?.(event);
    return (where.storage as MemoryStorage).files.get("model.safetensors")!;
  }
  const fresh = (options: LanguageModelTraining): Promise<Uint8Array> => run(options, { storage: new MemoryStorage() });

  test.each([{}, { stride: 4 }, { dropout: 0.3, layers: 2 }])(
    "at rate 0 is teacher forcing, to the byte: %j",
    async (more) => {
      const forced = await fresh({ ...small, ...more });
      expect(await fresh({ ...small, ...more, samplingSchedule: { kind: "constant", rate: 0 } })).toEqual(forced);
      expect(await fresh({ ...small, ...more, samplingSchedule: { kind: "constant", rate: 0.5 } })).not.toEqual(forced);
    },
  );

  test("interrupted and resumed ends with the bytes of one never stopped", async () => {
    const options = { ...small, samplingSchedule: { kind: "linear", steps: 10 } as const, checkpointEvery: 5 };
    const whole = await fresh(options);
    const storage = new MemoryStorage();
    const controller = new AbortController();
    await run({ ...options, logEvery: 1 }, { storage, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step === 7) controller.abort();
    });
    expect(await run(options, { storage, resume: true })).toEqual(whole);
    await expect(
      run({ ...options, samplingSchedule: { kind: "linear", steps: 11 } }, { storage, resume: true }),
    ).rejects.toThrow("samplingSchedule was");
  });

  test.each<[string, LanguageModelTraining]>([
    [
      "mismatch in samplingSchedule: a Transformer reads all steps of a window at once",
      { cell: "transformer", hidden: 16 },
    ],
    ["mismatch in samplingSchedule: step follows step then, and recompute does nothing", { recompute: true }],
  ])("%s", async (message, options) => {
    const samplingSchedule = { kind: "constant", rate: 0.5 } as const;
    await expect(fresh({ ...small, ...options, samplingSchedule })).rejects.toThrow(message);
  });
});
