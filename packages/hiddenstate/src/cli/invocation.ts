import { shellWord } from "../format.ts";

/** A command line of this program as the user would type it, `npx` included where that is how it was called. */
export function commandLine(...words: string[]): string {
  const called = process.env["npm_command"] === "run-script" || process.env["npm_command"] === "exec";
  return `${called ? "npx " : ""}hiddenstate ${words.map(shellWord).join(" ")}`;
}
