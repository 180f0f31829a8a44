import { setImmediate } from "node:timers/promises";
import { version } from "@hiddenstate/core";
import { startEngine, type EngineChoice } from "../engine.ts";
import { loadEigenvalues } from "../inspect/load-eigenvalues.ts";
import { experimentNamed, experiments } from "./catalogue.ts";
import type { Bench, Budget, Experiment } from "./experiment.ts";
import { answers, asKept, currentLoad, describeMachine, type Result, ResultFolder } from "./results.ts";
import { labText } from "./text/lab-text.ts";
import type { Verdict } from "./verdict.ts";

/** What to run. */
export interface LabOptions extends EngineChoice {
  /** The names of some experiments; default: all. */
  names?: readonly string[];
  /** Default `"thorough"`. */
  budget?: Budget;
  /** Where results go; a result that is there is replaced when the new one is whole. */
  out: string;
  /** Keeps results of this version, the same settings, seeds and text that are there. Default false. */
  resume?: boolean;
  /** How many seeds, at least 1. Default 3. */
  seeds?: number;
  /** A UTF-8 file that the experiments on language read; default: a generated text. */
  text?: string;
  /** When aborted: stops at once; finished experiments are kept. */
  signal?: AbortSignal;
}

/** What happens in a laboratory. */
export type LabEvent =
  | { type: "experiment"; name: string; claim: string; index: number; count: number }
  | { type: "progress"; name: string; share: number; index: number; count: number }
  | { type: "result"; name: string; kept: boolean; verdict: Verdict; result: Result }
  | { type: "interrupted"; name: string };

/** The longest that an experiment keeps the event loop from turning, in milliseconds. */
const longestTurn = 50;

/**
 * Runs experiments one after the other and keeps each one's result as soon as it is whole.
 *
 * @throws HiddenstateError `unknown` for an experiment that there is not, and as `labText`
 * @example
 * for await (const event of runLab({ budget: "quick", out: "runs/lab-quick" }))
 *   if (event.type === "result") console.log(event.name, event.verdict.outcome);
 */
export async function* runLab(options: LabOptions): AsyncGenerator<LabEvent, void> {
  const { names, budget = "thorough", resume = false, signal } = options;
  const chosen = names ? [...new Set(names)].map(experimentNamed) : experiments;
  const { backend, instructionSet, threads } = options;
  const text = await labText(options.text);
  await startEngine({ backend, instructionSet, threads });
  const seeds = Array.from({ length: options.seeds ?? 3 }, (_, seed) => seed);
  const bench: Bench = { seeds, text, eigenvalues: await loadEigenvalues() };
  const folder = new ResultFolder(options.out);
  const count = chosen.length;
  for (const [index, experiment] of chosen.entries()) {
    const { name, claim } = experiment;
    const settings = experiment.settings[budget];
    const before = resume ? await folder.read(name) : null;
    if (before && answers(before, { settings, seeds, text: text.name })) {
      yield { type: "result", name, kept: true, verdict: experiment.judge(before.numbers), result: before };
      continue;
    }
    yield { type: "experiment", name, claim, index, count };
    const running = perform(experiment, budget, bench);
    let next = running.next();
    for (let turned = performance.now(); !next.done; next = running.next()) {
      if (performance.now() - turned < longestTurn) continue;
      yield { type: "progress", name, share: next.value, index, count };
      await setImmediate();
      turned = performance.now();
      if (!signal?.aborted) continue;
      yield { type: "interrupted", name };
      return;
    }
    await folder.write(next.value);
    yield { type: "result", name, kept: false, verdict: experiment.judge(next.value.numbers), result: next.value };
  }
}

/** One experiment from its start to its result. */
function* perform(experiment: Experiment, budget: Budget, bench: Bench): Generator<number, Result> {
  const settings = experiment.settings[budget];
  const loadBefore = currentLoad();
  const start = performance.now();
  const processor = process.cpuUsage();
  const numbers = asKept(yield* experiment.measure(settings, bench));
  const { user, system } = process.cpuUsage(processor);
  return {
    experiment: experiment.name,
    budget,
    settings,
    seeds: bench.seeds,
    text: bench.text.name,
    version,
    machine: describeMachine(),
    finishedAt: new Date().toISOString(),
    seconds: Math.round((performance.now() - start) / 100) / 10,
    processorSeconds: Math.round((user + system) / 1e5) / 10,
    load: [loadBefore, currentLoad()],
    numbers,
  };
}
