import { fileURLToPath } from "node:url";
import { engineOptions, explained } from "./engine-options.js";
import { commit, machine } from "./machine.js";
import { start } from "./participant.js";
import { saveResults } from "./results.js";
import { shortNumber, table } from "./table.js";

/**
 * @typedef {object} Cost
 * @property {number} ms of a training step, by the processor's clock, the median
 * @property {number} megabytes that the recurrent layers keep and need on their way back, at the most
 */

/**
 * @typedef {object} RecomputeRow
 * @property {string} case
 * @property {string} backend
 * @property {string} instructionSet
 * @property {string} node
 * @property {Cost} recomputed
 * @property {Cost} plain
 * @property {number} timesTheTime
 * @property {number} timesLessMemory
 */

/** The cases that a run without `--case` measures. */
export const recomputeCases = [
  "lstm-1x128-b32-t2048-v64",
  "lstm-2x128-b32-t2048-v64",
  "gru-2x128-b32-t2048-v64",
  "lstm-2x256-b32-t2048-v64",
  "lstm-2x256-b8-t2048-v64",
];

/**
 * What recomputing costs and saves.
 * @param {{ case?: import("./cases.js").Case[], repeats: number, backend: string, instructionSet?: string, threads: number, json?: boolean, save?: string }} options
 * @param {(name: string) => import("./cases.js").Case} caseNamed
 */
export async function recompute(options, caseNamed) {
  const { repeats, json, save } = options;
  const date = new Date().toISOString();
  const script = fileURLToPath(new URL("recompute-steps.js", import.meta.url));
  /** @type {RecomputeRow[]} */
  const rows = [];
  for (const shape of options.case ?? recomputeCases.map(caseNamed)) {
    const { execPath } = process;
    const args = [script, shape.name, JSON.stringify(engineOptions(options)), String(repeats)];
    let participant;
    try {
      participant = await start({
        peer: "hiddenstate",
        command: execPath,
        args,
        phases: [],
        threads: 1,
        node: execPath,
      });
    } catch (error) {
      throw explained(error);
    }
    await participant.close();
    const facts = /** @type {Omit<RecomputeRow, "case" | "timesTheTime" | "timesLessMemory">} */ (
      /** @type {unknown} */ (participant.facts)
    );
    const { recomputed, plain } = facts;
    const row = {
      case: shape.name,
      ...facts,
      timesTheTime: recomputed.ms / plain.ms,
      timesLessMemory: plain.megabytes / recomputed.megabytes,
    };
    if (json) console.log(JSON.stringify(row));
    rows.push(row);
  }
  if (!json) {
    const cells = rows.map((row) => [
      row.case,
      shortNumber(row.plain.ms),
      shortNumber(row.recomputed.ms),
      `${shortNumber(row.timesTheTime)}x`,
      shortNumber(row.plain.megabytes),
      shortNumber(row.recomputed.megabytes),
      `${shortNumber(row.timesLessMemory)}x`,
    ]);
    console.log(table(["", "ms", "recomputed", "time", "MB", "recomputed", "less"], cells));
  }
  if (save) saveResults(save, { kind: "recompute", date, commit: commit(), machine: machine(), repeats, rows });
}
