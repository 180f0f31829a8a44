import { duration } from "../../format.ts";
import type { LabEvent } from "../../lab/run-lab.ts";
import { wrapWords } from "../../wrap-words.ts";

/** An experiment's verdict as lines for people, no longer than `columns` where words allow. */
export function verdictLines(
  { name, kept, verdict, result }: Extract<LabEvent, { type: "result" }>,
  columns: number,
): string[] {
  const when = kept ? "kept" : duration(result.seconds);
  return [
    `${name}: ${verdict.outcome}  (${when})`,
    ...wrapWords(verdict.because, columns - 3).map((line) => `  ${line}`),
  ];
}
