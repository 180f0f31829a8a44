import { concat } from "../../autograd/ops/concat.ts";
import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { slice } from "../../autograd/ops/slice.ts";
import type { TokenSource } from "../../data/token-source.ts";
import { ignoredTarget, TextWindows, type TextWindow } from "../../data/windows.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import type { JobSnapshot, TrainingJob } from "../../train/job.ts";
import type { SamplingSchedule } from "../../train/sampling-schedule.ts";
import { CarriedState } from "./carried-state.ts";
import { evaluateStream } from "./language-model-evaluation.ts";
import type { LanguageModel } from "./language-model.ts";
import { type OwnOutput, ownOutput } from "../own-output.ts";
import { readOwnOutput } from "./sampled-window.ts";
import { checkHeldOut, type TokenStreams } from "./text-data.ts";

/** How the text is cut into windows, and the windows gone through. */
export interface LanguageModelJobOptions {
  batch: number;
  bptt: number;
  /** Default `bptt`. */
  stride?: number;
  /** Default false. */
  recompute?: boolean;
  /** Default null: it always reads the text (teacher forcing). */
  samplingSchedule?: SamplingSchedule | null;
  seed: number;
}

/** Trains a language model on windows of a text: truncated backpropagation through time with carried state. */
export class LanguageModelJob implements TrainingJob {
  readonly model: LanguageModel;
  readonly longestSequence: number;
  readonly #windows: TextWindows;
  readonly #validation: TokenSource;
  readonly #recompute: boolean;
  readonly #schedule: SamplingSchedule | null;
  readonly #seed: number;
  readonly #carried = new CarriedState();
  /** Windows read so far. */
  #cursor = 0;

  /** @throws HiddenstateError `invalid` for a text shorter than one window, or a held-out one of fewer than two tokens */
  constructor(model: LanguageModel, streams: TokenStreams, options: LanguageModelJobOptions) {
    const { batch, bptt, stride, recompute = false, samplingSchedule = null, seed } = options;
    this.model = model;
    this.longestSequence = bptt;
    this.#windows = new TextWindows(streams.training, { batch, bptt, stride: stride ?? bptt });
    checkHeldOut(streams);
    this.#validation = streams.validation;
    this.#recompute = recompute;
    this.#schedule = samplingSchedule;
    this.#seed = seed;
  }

  get trainingTokens(): number {
    return this.#windows.targets + 1;
  }

  get validationTokens(): number {
    return this.#validation.length;
  }

  get stepsPerEpoch(): number {
    return this.#windows.count;
  }

  get notices(): string[] {
    return this.#windows.notice === null ? [] : [this.#windows.notice];
  }

  nextLoss(): { loss: Tensor; tokens: number } {
    const step = this.#cursor++;
    const window = this.#windows.at(step);
    if (!window.carriesState) this.#carried.end();
    const own = ownOutput(this.#schedule, step, { seed: this.#seed, draw: step });
    const logits = own ? this.#forwardSampled(window, own) : this.#forward(window);
    return { loss: crossEntropy(logits, window.targets, { ignoreIndex: ignoredTarget }), tokens: window.counted };
  }

  /** Where windows overlap, the state to carry lies inside the window: the window is then read in two parts. */
  #forward({ inputs, steps, batch, carrySteps }: TextWindow): Tensor {
    const ids = tensor(inputs, [steps, batch], { dtype: "int32" });
    const options = { recompute: this.#recompute };
    const first = this.model.forward(slice(ids, { end: carrySteps }), this.#carried.state, options);
    this.#carried.keep(first.state);
    if (carrySteps === steps) return first.logits;
    const second = this.model.forward(slice(ids, { start: carrySteps }), first.state, options);
    return concat([first.logits, second.logits], 0);
  }

  #forwardSampled(window: TextWindow, own: OwnOutput): Tensor {
    const { logits, carried } = readOwnOutput(this.model, window, this.#carried.state, own);
    this.#carried.keep(carried);
    return logits;
  }

  evaluate(): Generator<void, { loss: number; tokens: number }> {
    return evaluateStream(this.model, this.#validation);
  }

  /** Gives the memory of model and state back. */
  end(): void {
    this.#carried.end();
    for (const parameter of this.model.stateDict().values()) parameter.end();
  }

  snapshot(): JobSnapshot {
    return { tensors: this.#carried.tensors(), values: { cursor: this.#cursor } };
  }

  restore({ tensors, values }: JobSnapshot): void {
    this.#cursor = values.cursor as number;
    this.#carried.restore(tensors);
  }
}
