import type { ForecasterNetwork } from "./forecaster.ts";
import type { Head } from "./heads/head.ts";
import { inputWidth } from "./inputs.ts";
import { leastSquares } from "./least-squares.ts";
import { type Origin, scaleAt, targetOf, type WindowPlan } from "./windows.ts";

/** So many places are enough for a handful of coefficients. */
const mostRows = 5000;
/** Inputs have 24 bits. Lags that fill a window scaled by its own mean add up to 0 but for their rounding, and that must not be fitted. */
const rounding = 1e-5;

/**
 * Starts a network as a linear autoregression: the weights from the inputs to the forecasts' location are their least-squares fit on the
 * member's own training targets, and the recurrent part adds nothing yet. Training goes on from there, all weights alike.
 *
 * @param origins places to forecast from, whose targets may be learned
 * @param allowed whether the target so many steps after an origin may be learned
 */
export function startLinear(
  network: ForecasterNetwork,
  head: Head,
  origins: readonly Origin[],
  plan: WindowPlan,
  allowed: (origin: Origin, ahead: number) => boolean,
): void {
  const width = inputWidth(plan.inputs);
  const every = Math.max(1, Math.ceil(origins.length / mostRows));
  const rows: Float32Array[] = [];
  const targets: number[][] = Array.from({ length: plan.steps }, () => []);
  for (let i = 0; i < origins.length; i += every) {
    const { series, origin } = origins[i];
    const scale = scaleAt(origins[i], plan);
    const numbers = targets.map((_, k) =>
      allowed(origins[i], k + 1) ? targetOf(origins[i], k + 1, scale, plan) : NaN,
    );
    if (numbers.some(Number.isNaN)) continue;
    const row = new Float32Array(width + 1).fill(1);
    const changeAt = (step: number): number => ((series.changes[step] ?? NaN) - scale.centre) / scale.spread;
    series.inputs.write(origin + 1, origin, changeAt, row, 0);
    rows.push(row);
    numbers.forEach((number, k) => targets[k].push(number));
  }
  // With few rows for each coefficient the fit would be the noise's.
  const enough = head.location !== null && rows.length >= 4 * (width + 1);
  const coefficients = enough ? leastSquares(rows, targets, rounding) : targets.map(() => new Float64Array(width + 1));
  const spreads = coefficients.map((each, k) => {
    let squares = 0;
    rows.forEach((row, i) => (squares += (targets[k][i] - row.reduce((sum, x, j) => sum + x * each[j], 0)) ** 2));
    return enough ? Math.max(0.05, Math.sqrt(squares / rows.length)) : 1;
  });
  network.startFrom(
    coefficients.map((each) => each.subarray(0, width)),
    coefficients.map((each, k) => {
      const bias = head.initialBias(spreads[k]);
      if (head.location !== null) bias[head.location] += each[width];
      return bias;
    }),
    head.location ?? 0,
  );
}
