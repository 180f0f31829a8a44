import { duration } from "../../format.ts";
import { TerminalBar } from "./terminal-bar.ts";

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
  #started = performance.now();
  readonly #bar = new TerminalBar();

  begin(event: LabProgressEvent): void {
    this.#started = performance.now();
    this.share({ ...event, share: 0 });
  }

  share(event: LabProgressEvent & { share: number }): void {
    this.#bar.show(event.share, describeShare(event, (performance.now() - this.#started) / 1000));
  }

  line(text: string): void {
    this.#bar.line(text);
  }

  [Symbol.dispose](): void {
    this.#bar[Symbol.dispose]();
  }
}

/** What stands behind an experiment's bar: its place, its name and, as soon as it can be told, the time that is left. */
export function describeShare(
  { name, index, count, share }: LabProgressEvent & { share: number },
  seconds: number,
): string {
  const left = share > 0.02 ? `  ${duration((seconds / share) * (1 - share))} left` : "";
  return `${index + 1} of ${count}: ${name}${left}`;
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
