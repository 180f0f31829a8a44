import { MultiBar, type SingleBar } from "cli-progress";
import type { StepEvent } from "@hiddenstate/core";
import { count, duration, significant } from "../format.ts";

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
  #latest: StepEvent | undefined;
  #bar: SingleBar | undefined;
  readonly #bars = new MultiBar({
    format: () => (this.#latest ? drawBar(this.#latest, process.stderr.columns || 80, this.#counted) : ""),
    // Lines are never as long as the terminal is wide, so its wrapping can stay as it is, even if the program is killed.
    linewrap: true,
    // Lines that stay are written over the bar.
    forceRedraw: true,
    clearOnComplete: true,
  });

  constructor(counted: string) {
    this.#counted = counted;
  }

  step(event: StepEvent): void {
    this.#latest = event;
    this.#bar ??= this.#bars.create(1, 0);
    this.#bar.update(event.progress);
  }

  line(text: string): void {
    if (this.#bar) this.#bars.log(`${text}\n`);
    else process.stderr.write(`${text}\n`);
  }

  [Symbol.dispose](): void {
    if (!this.#bar) return;
    this.#bars.update();
    this.#bars.stop();
  }
}

/** A bar with its figures, shorter than `columns`. */
export function drawBar(event: StepEvent, columns: number, counted = "tokens"): string {
  const text = [
    `${Math.floor(event.progress * 100)}%`.padStart(4),
    `loss ${event.loss.toFixed(3)}`,
    `${count(event.tokensPerSecond)} ${counted}/s`,
    `gradient norm ${significant(event.gradientNorm)}`,
    `${duration(event.secondsLeft)} left`,
  ].join("  ");
  const width = Math.min(30, columns - text.length - 2);
  if (width < 5) return text.slice(0, columns - 1);
  const done = Math.round(event.progress * width);
  return `${"█".repeat(done)}${"░".repeat(width - done)} ${text}`;
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
