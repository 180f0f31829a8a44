import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes a results file, for people to compare and for the report.
 *
 * @param {string} file
 * @param {object} results
 */
export function saveResults(file, results) {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
