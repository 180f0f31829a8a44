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
