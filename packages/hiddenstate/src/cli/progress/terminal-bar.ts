import { MultiBar, type SingleBar } from "cli-progress";

/** A bar in the last line of a terminal's standard error, and lines that stay above it. */
export class TerminalBar implements Disposable {
  #bar: SingleBar | undefined;
  #draw: (columns: number) => string = () => "";
  readonly #bars = new MultiBar({
    format: () => this.#draw(process.stderr.columns || 80),
    // Lines are never as long as the terminal is wide, so its wrapping can stay as it is, even if the program is killed.
    linewrap: true,
    // Lines that stay are written over the bar.
    forceRedraw: true,
    clearOnComplete: true,
  });

  /**
   * @param share that is done, 0 to 1
   * @param text what stands behind the bar
   */
  show(share: number, text: string): void {
    this.#draw = (columns) => drawBar(share, text, columns);
    this.#bar ??= this.#bars.create(1, 0);
    this.#bar.update(share);
  }

  /** A line that stays. */
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

/** A bar with its share and a text behind it, shorter than `columns`: where both have no room, the text alone. */
export function drawBar(share: number, text: string, columns: number): string {
  const behind = `${Math.floor(share * 100)}%`.padStart(4) + `  ${text}`;
  const width = Math.min(30, columns - behind.length - 2);
  if (width < 5) return behind.slice(0, columns - 1);
  const done = Math.round(share * width);
  return `${"█".repeat(done)}${"░".repeat(width - done)} ${behind}`;
}
