import type { Cell } from "../autograd/ops/cells.ts";
import { adviseWindow, type WindowAdvice } from "./window-advice.ts";
import { GateMeter, type GateStatistics } from "./gate-statistics.ts";
import { GradientFlowMeter, type GradientFlow } from "./gradient-flow.ts";
import { lyapunovWork, type LyapunovExponents } from "./lyapunov.ts";
import { memoryHorizon, type MemoryHorizon } from "./memory-horizon.ts";
import { observe } from "./observe.ts";
import {
  type EigenvalueRoutine,
  hasRecurrentMatrices,
  recurrentMatrices,
  type RecurrentMatrix,
} from "./recurrent-matrix.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import type { InspectionSubject } from "./subject.ts";
import { doublings, type UseOfThePast, useOfThePast } from "./use-of-the-past.ts";

/** How far the gradient reaches in one layer and direction, along h and (LSTM) along c. */
export interface LayerHorizon {
  /** From 0. */
  layer: number;
  direction: "forward" | "reverse";
  hidden: MemoryHorizon;
  cell: MemoryHorizon | null;
}

/** Whether small differences of the state shrink, last or grow. */
export type Stability = "shrinking" | "stable" | "exploding";

/** All that inspection finds out; a part that this model has not says why. */
export interface InspectionReport {
  model: {
    task: string;
    cell: Cell["kind"];
    layers: number;
    hiddenSize: number;
    /** RNN only. */
    nonlinearity?: "tanh" | "relu";
    bidirectional: boolean;
    /** Of the recurrent network alone. */
    recurrentParameters: number;
  };
  /** What a time step is, in the plural. */
  unit: string;
  /** Time steps there were to read. */
  steps: number;
  notices: string[];
  gradientFlow: GradientFlow & { horizons: LayerHorizon[]; furthest: MemoryHorizon; note: string | null };
  /** `cut`: what is left of the past; `uses`: what predictions use of it, in words. */
  useOfThePast: (UseOfThePast & { cut: string; uses: string }) | { without: string };
  /** Null where there was no routine for eigenvalues, or the cell has no such matrix. */
  matrices: RecurrentMatrix[] | null;
  lyapunov: (LyapunovExponents & { stability: Stability }) | { without: string };
  gates: GateStatistics;
  advice: WindowAdvice;
}

export interface InspectionOptions {
  /** The furthest lag to measure. Default 200, and as far as the data goes. */
  lags?: number;
  /** The longest context to cut to. Default 512, and as far as the data goes. */
  context?: number;
  /** The window that the model was trained with, or whole sequences; null or absent: not known. */
  window?: number | "whole" | null;
  /** For spectral radii. */
  eigenvalues?: EigenvalueRoutine;
}

const rules: OptionRules<InspectionOptions> = {
  lags: { type: "integer", min: 1, optional: true },
  context: { type: "integer", min: 1, optional: true },
  window: { type: "any", optional: true },
  eigenvalues: { type: "any", optional: true },
};

/** A part of the inspection has begun. */
export interface InspectionProgress {
  part: string;
  /** Share of the parts done before it, 0 to 1. */
  done: number;
}

/**
 * Everything that can be found out about a recurrent network at work on data: gradient flow and memory horizon, use of the past, recurrent matrices,
 * Lyapunov exponent, gates, and what window the training should use. Yields what it is about to do, so that the caller can let the event loop
 * turn and say so.
 *
 * @throws HiddenstateError `unknown` or `invalid` for options that are none
 *
 * @example
 * const work = inspection(new TextSubject(model, text), { window: 64 });
 */
export function* inspection(
  subject: InspectionSubject,
  options: InspectionOptions = {},
): Generator<InspectionProgress, InspectionReport> {
  resolveOptions("inspection", options, rules);
  const { network } = subject;
  const notices = [...subject.notices];
  const say = (part: string, done: number): InspectionProgress => ({ part, done });

  yield say("gates", 0);
  const meter = new GateMeter(network.cell);
  for (const { run, start } of subject.readings()) {
    meter.add(observe(network, run), start);
    yield say("gates", 0);
  }

  const lags = clamp("lags", options.lags, 200, subject.longestLag, subject.unit, notices);
  yield say("gradient flow", 0.2);
  const flowMeter = new GradientFlowMeter(network, lags);
  for (const run of subject.flowRuns(lags)) {
    flowMeter.add(run);
    yield say("gradient flow", 0.2);
  }
  const flow = flowMeter.flow();
  const horizons = flow.layers.map(({ layer, direction, hidden, cell }): LayerHorizon => ({
    layer,
    direction,
    hidden: memoryHorizon(hidden),
    cell: cell && memoryHorizon(cell),
  }));
  const furthest = furthestOf(horizons);

  yield say("use of the past", 0.5);
  const past = yield* measurePast(subject, options.context, notices, say("use of the past", 0.5));

  yield say("Lyapunov exponent", 0.8);
  const lyapunov = yield* measureLyapunov(subject, say("Lyapunov exponent", 0.8));

  yield say("recurrent matrices", 0.9);
  const matrices =
    options.eigenvalues && hasRecurrentMatrices(network) ? recurrentMatrices(network, options.eigenvalues) : null;

  const context =
    "without" in past
      ? null
      : {
          steps: past.effective ?? past.contexts.at(-1)!.context,
          open: past.effective === null,
          uses: past.uses,
        };
  return {
    model: {
      task: subject.task,
      cell: network.cell.kind,
      ...(network.cell.kind === "rnn" && { nonlinearity: network.cell.nonlinearity }),
      layers: network.options.layers,
      hiddenSize: network.options.hiddenSize,
      bidirectional: network.directions === 2,
      recurrentParameters: [...network.stateDict().values()].reduce((sum, { size }) => sum + size, 0),
    },
    unit: subject.unit,
    steps: subject.steps,
    notices,
    gradientFlow: { ...flow, horizons, furthest, note: subject.flowNote },
    useOfThePast: past,
    matrices,
    lyapunov,
    gates: meter.statistics(),
    advice: adviseWindow({
      gradient: subject.flowIsReach ? furthest : null,
      context,
      window: options.window ?? null,
      unit: subject.unit,
      cell: network.cell.kind,
    }),
  };
}

/** How far a number may go: what was asked for, or the default, but no further than the data. */
function clamp(
  what: string,
  asked: number | undefined,
  usual: number,
  most: number,
  unit: string,
  notices: string[],
): number {
  if ((asked ?? 0) > most) notices.push(`the data is too short for ${what} of ${asked}: ${most} ${unit} were measured`);
  return Math.min(asked ?? usual, most);
}

function furthestOf(horizons: readonly LayerHorizon[]): MemoryHorizon {
  const all = horizons.flatMap(({ hidden, cell }) => (cell ? [hidden, cell] : [hidden]));
  return all.reduce((far, horizon) => (horizon.steps > far.steps ? horizon : far));
}

function* measurePast(
  subject: InspectionSubject,
  asked: number | undefined,
  notices: string[],
  progress: InspectionProgress,
): Generator<InspectionProgress, (UseOfThePast & { cut: string; uses: string }) | { without: string }> {
  if ("without" in subject.losses) return { without: subject.losses.without };
  const most = clamp("a context", asked, 512, subject.longestContext, subject.unit, notices);
  const work = useOfThePast({
    contexts: doublings(most),
    losses: subject.losses,
    ...(!subject.inNats && { tolerance: (full: number) => 0.01 * Math.abs(full) }),
  });
  for (let next = work.next(); ; next = work.next()) {
    if (next.done) {
      const { effective, contexts } = next.value;
      const last = subject.describeContext(effective ?? contexts.at(-1)!.context);
      const uses = `${effective === null ? "more than " : ""}${last}`;
      return { ...next.value, cut: subject.describeContext("k"), uses };
    }
    yield progress;
  }
}

function* measureLyapunov(
  { sequence, network }: InspectionSubject,
  progress: InspectionProgress,
): Generator<InspectionProgress, (LyapunovExponents & { stability: Stability }) | { without: string }> {
  if ("without" in sequence) return { without: sequence.without };
  const x = sequence();
  const least = 20;
  if (x.shape[0] < least) {
    return { without: `the longest sequence has ${x.shape[0]} steps; an exponent needs at least ${least}` };
  }
  const work = lyapunovWork(network, x);
  for (let next = work.next(); ; next = work.next()) {
    if (next.done) {
      x.end();
      return { ...next.value, stability: stabilityOf(next.value) };
    }
    yield progress;
  }
}

/**
 * Stable is an exponent within 0.01 of 0, or within two standard errors of it: differences then take more than a hundred steps to change by a
 * factor e.
 */
function stabilityOf({ exponents: [largest], errors: [error] }: LyapunovExponents): Stability {
  if (Math.abs(largest) <= Math.max(0.01, 2 * error)) return "stable";
  return largest < 0 ? "shrinking" : "exploding";
}
