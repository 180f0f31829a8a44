/**
 * The laboratory for programs: `import { runLab } from "hiddenstate/lab"`.
 *
 * @example
 * for await (const event of runLab({ names: ["vanishing"], budget: "quick", out: "runs/lab" })) {
 *   if (event.type === "result") console.log(event.name, event.verdict.outcome, event.verdict.because);
 * }
 * await writeReport("runs/lab");
 */
export { experimentNamed, experiments } from "./catalogue.ts";
export type { Bench, Budget, Experiment, Figure, Table } from "./experiment.ts";
export { readFindings, reportOf, writeReport, type Finding } from "./report.ts";
export type { Machine, Result } from "./results.ts";
export { type LabEvent, type LabOptions, runLab } from "./run-lab.ts";
export type { LabText } from "./text/lab-text.ts";
export { outcomes, type Outcome, type Verdict } from "./verdict.ts";
