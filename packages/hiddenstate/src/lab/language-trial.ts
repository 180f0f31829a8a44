import {
  crossEntropy,
  engine,
  evaluationWindows,
  ignoredTarget,
  type LanguageModel,
  noGrad,
  type Optimizer,
  type RecurrentState,
  type Tensor,
  tensor,
  TextWindows,
} from "@hiddenstate/core";
import { train } from "./training.ts";

/** How a language model is trained on a stretch of text. */
export interface LanguageTrial {
  model: LanguageModel;
  /** Token ids. */
  text: Int32Array;
  batch: number;
  /** Steps of truncated backpropagation through time. */
  window: number;
  steps: number;
  optimizer: number | Optimizer;
  clip?: number;
  /** Called after every so many steps. */
  watch?: { every: number; look: (step: number) => void };
}

/** A recurrent state that goes from one window to the next, cut from the gradient. */
export class CarriedStates {
  #state: RecurrentState | undefined;
  /** What the window under way started from: its way back may still need it. */
  #before: RecurrentState | undefined;

  get state(): RecurrentState | undefined {
    return this.#state;
  }

  /** Keeps a state for the next window; undefined starts afresh. */
  keep(state: RecurrentState | undefined): void {
    end(this.#before);
    this.#before = this.#state;
    this.#state = state && persistent(state);
  }

  end(): void {
    end(this.#before);
    end(this.#state);
    this.#before = this.#state = undefined;
  }
}

const partsOf = (state: RecurrentState): [string, Tensor][] => Object.entries(state) as [string, Tensor][];

function persistent(state: RecurrentState): RecurrentState {
  const kept = partsOf(state).map(([name, part]) => [name, part.detach().persist()]);
  return Object.fromEntries(kept) as RecurrentState;
}

function end(state: RecurrentState | undefined): void {
  if (state) for (const [, part] of partsOf(state)) part.end();
}

/** Trains by windows of a text, with the state carried from one to the next. Returns the losses of all steps, in nats a token. */
export function* trainOnText(trial: LanguageTrial): Generator<number, number[]> {
  const { model, text, batch, window, steps, optimizer, clip, watch } = trial;
  const windows = new TextWindows(text, { batch, bptt: window });
  const carried = new CarriedStates();
  model.train();
  const { losses } = yield* train({
    parameters: model.parameters(),
    steps,
    optimizer,
    clip,
    loss: (step) => {
      const { inputs, targets, steps: length, batch: rows, carriesState } = windows.at(step - 1);
      if (!carriesState) carried.keep(undefined);
      const { logits, state } = model.forward(tensor(inputs, [length, rows], { dtype: "int32" }), carried.state);
      carried.keep(state);
      return crossEntropy(logits, targets, { ignoreIndex: ignoredTarget });
    },
    enough: watch && {
      every: watch.every,
      reached: (step) => {
        watch.look(step);
        model.train();
        return false;
      },
    },
  });
  carried.end();
  model.eval();
  return losses;
}

/** The mean loss of a stretch of text in nats a token, read in rows side by side. */
export function lossOnText(model: LanguageModel, text: Int32Array, rows = 16): number {
  const windows = evaluationWindows(text, { batch: Math.min(rows, Math.floor(text.length / 200) || 1), bptt: 128 });
  const carried = new CarriedStates();
  let [total, counted] = [0, 0];
  model.eval();
  for (const window of windows.epoch()) {
    const { inputs, targets, steps, batch } = window;
    total += engine.scope(() =>
      noGrad(() => {
        const { logits, state } = model.forward(tensor(inputs, [steps, batch], { dtype: "int32" }), carried.state);
        carried.keep(state);
        return crossEntropy(logits, targets, { ignoreIndex: ignoredTarget, reduction: "sum" }).itemSync();
      }),
    );
    counted += window.counted;
  }
  carried.end();
  return total / counted;
}

/** The loss in nats of whoever knows nothing but how often each token occurs in a text. */
export function frequencyLoss(text: Int32Array): number {
  const counts = new Map<number, number>();
  for (const id of text) counts.set(id, (counts.get(id) ?? 0) + 1);
  let loss = 0;
  for (const count of counts.values()) loss -= (count / text.length) * Math.log(count / text.length);
  return loss;
}
