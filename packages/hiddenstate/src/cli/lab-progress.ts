import { MultiBar, type SingleBar } from "cli-progress";
import { duration } from "../format.ts";

/** How far one experiment of several is. */
export interface LabProgressEvent {
  name: string;
  /** From 0. */
  index: number;
  count: number;
}

/** Shows on standard error how a laboratory's work goes. */
export interface LabProgress extends Disposable {
  begin(event: LabProgressEvent): void;
  /** @param event with the share of its experiment that is done, 0 to 1 */
  share(event: LabProgressEvent & { share: number }): void;
  /** A line that stays. */
  line(text: string): void;
}

/** A bar on a terminal; elsewhere lines only. */
export function showLabProgress(): LabProgress {
  return process.stderr.isTTY ? new LabBar() : new LabLines();
}

class LabBar implements LabProgress {
  #text = "";
  #bar: SingleBar | undefined;
  #started = performance.now();
  readonly #bars = new MultiBar({
    format: () => this.#text,
    linewrap: true,
    forceRedraw: true,
    clearOnComplete: true,
  });

  begin(event: LabProgressEvent): void {
    this.#started = performance.now();
    this.share({ ...event, share: 0 });
  }

  share(event: LabProgressEvent & { share: number }): void {
    const seconds = (performance.now() - this.#started) / 1000;
    this.#text = drawLabBar(event, seconds, process.stderr.columns || 80);
    this.#bar ??= this.#bars.create(1, 0);
    this.#bar.update(event.share);
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

/** A bar with the experiment's name and the time that is left, shorter than `columns`. */
export function drawLabBar(
  { name, index, count, share }: LabProgressEvent & { share: number },
  seconds: number,
  columns: number,
): string {
  const left = share > 0.02 ? `${duration((seconds / share) * (1 - share))} left` : "";
  const text = `${`${Math.floor(share * 100)}%`.padStart(4)}  ${index + 1} of ${count}: ${name}  ${left}`.trimEnd();
  const width = Math.min(30, columns - text.length - 2);
  if (width < 5) return text.slice(0, columns - 1);
  const done = Math.round(share * width);
  return `${"█".repeat(done)}${"░".repeat(width - done)} ${text}`;
}

class LabLines implements LabProgress {
  begin({ name, index, count }: LabProgressEvent): void {
    this.line(`${index + 1} of ${count}: ${name}`);
  }

  share(): void {}

  line(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  [Symbol.dispose](): void {}
}
