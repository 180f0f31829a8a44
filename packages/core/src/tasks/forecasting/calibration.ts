import { quantile as quantileOf } from "../../metrics/quantile.ts";
import { thinned } from "../watching/oddness.ts";
import type { ForecasterNetwork } from "./forecaster.ts";
import type { Forecasted, Head } from "./heads/head.ts";
import { Predictor } from "./predictor.ts";
import { type Origin, targetOf, type WindowPlan } from "./windows.ts";

/** How far off forecasts were on the held-out part of the training data. */
export interface Calibration {
  /**
   * One step ahead, |actual - point| over the forecast's own deviation, rising: at most 1000 of them, evenly spread. What is usual, and so
   * what is odd.
   */
  errors: readonly number[];
  /**
   * Where K steps are forecast at once: how many times as wide 80 % intervals must be to hold 80 % of what was held out, over all steps. A network
   * that learned from few windows is too sure of the later ones. 1 for one step.
   */
  widening?: number;
  /** Point forecasts only: for each of the K steps actual - point on the network's scale, rising, at most 1000. Else empty. */
  residuals: readonly (readonly number[])[];
  /** Point forecasts only: the standard deviation of `residuals` for one step. Else 0. */
  deviation: number;
}

/** Places of the training data that a network has not learned from. */
export interface HeldOutPlaces {
  network: ForecasterNetwork;
  origins: readonly Origin[];
  /** Whether a step so many after an origin was held out too. */
  heldOut: (origin: Origin, ahead: number) => boolean;
}

/** Fewer tell nothing. */
const [fewestWidths, fewestResiduals] = [20, 5];

/** Measures how far off each network is on what it has not seen. Yields now and then. */
export function* calibrate(
  places: readonly HeldOutPlaces[],
  head: Head,
  plan: WindowPlan,
): Generator<void, Calibration> {
  const errors: number[] = [];
  const residuals: number[][] = Array.from({ length: plan.steps }, () => []);
  const widths: number[] = [];
  for (const { network, origins, heldOut } of places) {
    for (const { origin, scale, steps } of yield* new Predictor([network], head, plan).ahead(origins)) {
      steps.forEach(({ point, deviation, quantile }, k) => {
        const actual = heldOut(origin, k + 1) ? targetOf(origin, k + 1, scale, plan) : NaN;
        if (Number.isNaN(actual)) return;
        residuals[k].push(actual - point);
        // Counts can't be stretched.
        if (plan.steps > 1 && head.location !== null && head.probabilistic)
          widths.push((2 * Math.abs(actual - point)) / (quantile(0.9) - quantile(0.1)));
        if (k === 0) errors.push(Math.abs(actual - point) / deviation);
      });
    }
  }
  if (head.probabilistic) {
    const sorted = widths.toSorted((a, b) => a - b);
    const widening = Math.max(1, sorted.length < fewestWidths ? 1 : quantileOf(sorted, 0.8));
    // Streams divide by the deviation that forecasts have in the end.
    return { errors: thinned(errors.map((error) => error / widening)), widening, residuals: [], deviation: 0 };
  }
  // Where the held-out blocks are shorter than the horizon, the last steps that are there stand for those beyond.
  for (let k = 1; k < residuals.length; k++) if (residuals[k].length < fewestResiduals) residuals[k] = residuals[k - 1];
  const [first] = residuals;
  const deviation = Math.sqrt(first.reduce((sum, residual) => sum + residual ** 2, 0) / first.length);
  const relative = first.map((residual) => Math.abs(residual) / deviation);
  return { errors: thinned(relative), residuals: residuals.map(thinned), deviation };
}

/** A point forecast with the spread that held-out ones had. */
export function withResiduals({ point }: Forecasted, residuals: readonly number[], deviation: number): Forecasted {
  const quantile = (probability: number): number => point + quantileOf(residuals, probability);
  return { point, deviation, quantile, draw: (random) => quantile(random.uniform()) };
}

/** A forecast that is so many times as unsure. */
export function widened({ point, deviation, quantile, draw }: Forecasted, times: number): Forecasted {
  const wide = (number: number): number => point + times * (number - point);
  return {
    point,
    deviation: times * deviation,
    quantile: (probability) => wide(quantile(probability)),
    draw: (random) => wide(draw(random)),
  };
}
