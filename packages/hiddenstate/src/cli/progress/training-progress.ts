import type { StepEvent } from "@hiddenstate/core";
import { count, duration, significant } from "../../format.ts";
import { TerminalBar } from "./terminal-bar.ts";

/** Shows on standard error how training goes. */
export interface Progress extends Disposable {
  step(event: StepEvent): void;
  /** A line that stays. */
  line(text: string): void;
}

/**
 * A bar on a terminal, elsewhere a line now and then.
 * @param counted what the events count: `"tokens"`
 */
export function showProgress(counted: string): Progress {
  return process.stderr.isTTY ? new BarProgress(counted) : new LineProgress(counted);
}

class BarProgress implements Progress {
  readonly #counted: string;
  readonly #bar = new TerminalBar();

  constructor(counted: string) {
    this.#counted = counted;
  }

  step(event: StepEvent): void {
    this.#bar.show(event.progress, describeStep(event, this.#counted));
  }

  line(text: string): void {
    this.#bar.line(text);
  }

  [Symbol.dispose](): void {
    this.#bar[Symbol.dispose]();
  }
}

/** What stands behind a training's bar. */
export function describeStep(event: StepEvent, counted = "tokens"): string {
  return [
    `loss ${event.loss.toFixed(3)}`,
    `${count(event.tokensPerSecond)} ${counted}/s`,
    `gradient norm ${significant(event.gradientNorm)}`,
    `${duration(event.secondsLeft)} left`,
  ].join("  ");
}

/** Milliseconds between two lines. */
const lineInterval = 10_000;

class LineProgress implements Progress {
  readonly #counted: string;
  #next = 0;

  constructor(counted: string) {
    this.#counted = counted;
  }

  step(event: StepEvent): void {
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + lineInterval;
    this.line(
      `step ${count(event.step)} (${Math.floor(event.progress * 100)}%, epoch ${event.epoch.toFixed(2)}): ` +
        `loss ${event.loss.toFixed(3)}, ${count(event.tokensPerSecond)} ${this.#counted}/s, ` +
        `gradient norm ${significant(event.gradientNorm)}, ${duration(event.secondsLeft)} left`,
    );
  }

  line(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  [Symbol.dispose](): void {}
}
