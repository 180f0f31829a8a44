import type { LabEvent } from "../lab/run-lab.ts";
import { duration } from "../format.ts";

/** An experiment's verdict as lines for people, no longer than `columns` where words allow. */
export function verdictLines(
  { name, kept, verdict, result }: Extract<LabEvent, { type: "result" }>,
  columns: number,
): string[] {
  const when = kept ? "kept" : duration(result.seconds);
  return [
    `${name}: ${verdict.outcome}  (${when})`,
    ...wrapped(verdict.because, columns - 3).map((line) => `  ${line}`),
  ];
}

/** A text cut between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
