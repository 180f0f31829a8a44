import { once } from "node:events";
import { engine } from "@hiddenstate/core";

/** False once the reader of standard output has gone. */
let listening = true;
let guarded = false;

/** Whoever reads may have heard enough (`| head`): that is no fault, and must not end a training. */
function guardStreams(): void {
  if (guarded) return;
  guarded = true;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    listening = false;
  });
  process.stderr.on("error", () => {});
}

/**
 * Where a command's words go. Results for people go to standard output, notes to standard error. With `json`, standard
 * output carries one JSON object a line and nothing else, and all that is for people goes to standard error.
 */
export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
    guardStreams();
  }

  /** False once the reader of standard output has gone. */
  get listening(): boolean {
    return listening;
  }

  /** One line of JSON; nothing without `json`. */
  record(value: object): void {
    if (this.json && listening) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Results that are lines of JSON with and without `json`. Waits while whoever reads is slower. */
  async lines(values: readonly object[]): Promise<void> {
    if (values.length === 0 || !listening) return;
    const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
    if (process.stdout.write(text)) return;
    // A reader that has gone takes nothing any more, and says so with an error.
    await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch(() => {});
  }

  /** A line that is a result for people. */
  say(line: string): void {
    this.write(`${line}\n`);
  }

  /** A piece of a result for people, as it is. */
  write(text: string): void {
    if (this.json) process.stderr.write(text);
    else if (listening) process.stdout.write(text);
  }

  /** A line about the work, not its result. */
  note(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** What the engine has to say, such as that it uses fewer threads than it was asked to. */
  noteEngine(): void {
    for (const notice of engine.info().notices) this.note(notice);
  }
}
