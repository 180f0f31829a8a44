import { type CalendarCycle, cyclesOf, stepsIn, wavesOf, writeCalendar } from "../../data/series/calendar.ts";
import type { Frequency } from "../../data/series/frequency.ts";
import { dateOfStep, type RegularSeries } from "../../data/series/regular-series.ts";
import { HiddenstateError } from "../../errors.ts";
import { covariateChange, type CovariateInput, type InputPlan } from "./inputs.ts";
import { leastSquares } from "./least-squares.ts";
import { type Changes, type Preprocessing, scaleOf } from "./preprocessing.ts";

/** What the caller fixed; the rest is chosen. */
export interface InputRequest {
  lags?: readonly number[];
  cycles?: readonly CalendarCycle[];
}

/** A series' training part, and its changes. */
export interface TrainingPart {
  series: RegularSeries;
  changes: Changes;
}

/** A calendar's cycle is learned from so many at least. */
const cyclesNeeded = 2;
/** Lags that are tried, one after another. */
const mostLags = 28;
/** Regressions look at so many steps at most. */
const mostRows = 8000;

/**
 * Chooses the lags and the calendar's cycles that the network reads: those with which a linear regression on the training part has the
 * least corrected Akaike criterion, `n ln(RSS / n) + 2k + 2k (k + 1) / (n - k - 1)` (Hurvich & Tsai 1989). All of them are trained afterwards.
 *
 * @param parts the training parts of all series
 * @param categories what the plan has besides
 */
export function chooseInputs(
  parts: readonly TrainingPart[],
  preprocessing: Preprocessing,
  request: InputRequest,
  categories: InputPlan["categories"],
): { plan: InputPlan; reasons: string[] } {
  const [{ series }] = parts;
  const { frequency } = series;
  const known = Object.keys(series.known).map((name) => {
    const lists = parts.map((part) => part.series.known[name].subarray(0, part.series.values.length));
    return { ...covariate(name, lists), ...changeOf(lists, preprocessing) };
  });
  const observed = Object.keys(series.observed).map((name) =>
    covariate(
      name,
      parts.map((part) => part.series.observed[name]),
    ),
  );
  const most = Math.max(1, Math.min(mostLags, Math.floor(longest(parts) / 8)));
  const regression = new Regression(parts, preprocessing, frequency, { known, observed, most });

  const possible = frequency ? possibleCycles(parts, frequency) : [];
  let cycles = [...(request.cycles ?? [])];
  refuseFarLags(request.lags, longest(parts));
  let lags = request.lags ?? regression.bestLags(cycles);
  if (!request.cycles) {
    for (const cycle of possible)
      if (regression.criterion(lags, [...cycles, cycle]) < regression.criterion(lags, cycles)) cycles.push(cycle);
    lags = request.lags ?? regression.bestLags(cycles);
  }
  const reasons: string[] = [];
  if (!request.cycles && possible.length > 0) {
    const named = (list: readonly string[]): string => list.map((cycle) => `time of ${cycle}`).join(", ");
    const left = possible.filter((cycle) => !cycles.includes(cycle));
    const without = left.length > 0 ? `; it does not say more by the ${named(left)}` : "";
    reasons.push(`calendar: ${cycles.length > 0 ? `the ${named(cycles)}` : "none of it"}${without}`);
  }
  if (!request.lags) reasons.push(`lags: ${lags.join(", ")}`);
  return { plan: { lags, waves: frequency ? wavesOf(cycles, frequency) : [], known, observed, categories }, reasons };
}

/** @throws HiddenstateError `invalid` for a lag that lies before the beginning of every series: nothing would ever be there to read */
function refuseFarLags(lags: readonly number[] | undefined, steps: number): void {
  const far = lags?.find((lag) => lag >= steps);
  if (far === undefined) return;
  throw new HiddenstateError(
    "invalid",
    `train: invalid lags: got ${far}, expected at most ${steps - 1}: the longest series has ${steps} steps to learn from; leave it out`,
  );
}

/** Cycles that dates of the frequency show and that the longest series has often enough. */
function possibleCycles(parts: readonly TrainingPart[], frequency: Frequency): CalendarCycle[] {
  return cyclesOf(frequency).filter((cycle) => longest(parts) >= cyclesNeeded * stepsIn(cycle, frequency));
}

function longest(parts: readonly TrainingPart[]): number {
  return parts.reduce((most, { series }) => Math.max(most, series.values.length), 0);
}

function covariate(name: string, lists: readonly Float64Array[]): CovariateInput {
  const all = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return { name, ...scaleOf(all) };
}

/** How the differences of a covariate are scaled, where values are told as differences. */
function changeOf(lists: readonly Float64Array[], preprocessing: Preprocessing): Pick<CovariateInput, "change"> {
  if (preprocessing.difference === "none") return {};
  const changes = lists.map((values) => values.map((_, t) => covariateChange(values, t - 1, 1, preprocessing)));
  const { centre, spread } = covariate("", changes);
  return { change: { centre, spread } };
}

/** Linear regressions of a change on those before it, on the calendar and on covariates, always over the same steps. */
class Regression {
  readonly #preprocessing: Preprocessing;
  readonly #most: number;
  readonly #frequency: Frequency | null;
  readonly #covariates: { known: readonly CovariateInput[]; observed: readonly CovariateInput[] };
  readonly #steps: { part: TrainingPart; step: number; scaled: Float64Array }[] = [];
  readonly #targets: Float64Array;
  readonly #criteria = new Map<string, number>();

  constructor(
    parts: readonly TrainingPart[],
    preprocessing: Preprocessing,
    frequency: Frequency | null,
    { known, observed, most }: { known: readonly CovariateInput[]; observed: readonly CovariateInput[]; most: number },
  ) {
    this.#preprocessing = preprocessing;
    this.#most = most;
    this.#frequency = frequency;
    this.#covariates = { known, observed };
    const all = parts.flatMap((part) => {
      const { centre, spread } = scaleOf(part.changes.changes);
      const scaled = part.changes.changes.map((change) => (change - centre) / spread);
      const first = scaled.findIndex((change) => !Number.isNaN(change)) + most;
      return Array.from({ length: Math.max(0, scaled.length - first) }, (_, i) => ({
        part,
        step: first + i,
        scaled,
      })).filter(({ step }) => !Number.isNaN(scaled[step]));
    });
    const every = Math.ceil(all.length / mostRows);
    this.#steps = all.filter((_, i) => i % every === 0);
    this.#targets = Float64Array.from(this.#steps, ({ scaled, step }) => scaled[step]);
  }

  /** The first so many lags, and the season's where it helps. */
  bestLags(cycles: readonly CalendarCycle[]): number[] {
    let best: number[] = [1];
    const consider = (lags: number[]): void => {
      if (this.criterion(lags, cycles) < this.criterion(best, cycles)) best = lags;
    };
    for (let count = 2; count <= this.#most; count++) consider(Array.from({ length: count }, (_, i) => i + 1));
    const { season } = this.#preprocessing;
    if (season > 1) {
      const first = best;
      for (const extra of [[season], [season, season + 1]]) {
        const further = extra.filter((lag) => !first.includes(lag));
        if (further.length > 0) consider([...first, ...further]);
      }
    }
    return best;
  }

  criterion(lags: readonly number[], cycles: readonly CalendarCycle[]): number {
    const key = `${lags.join()} ${cycles.join()}`;
    const known = this.#criteria.get(key);
    if (known !== undefined) return known;
    const rows = this.#rows(lags, cycles);
    const n = rows.length;
    const [coefficients] = n > 0 ? leastSquares(rows, [this.#targets]) : [[]];
    let squares = 0;
    rows.forEach(
      (row, i) => (squares += (this.#targets[i] - row.reduce((sum, x, j) => sum + x * coefficients[j], 0)) ** 2),
    );
    const width = rows[0]?.length ?? 0;
    const fit = n * Math.log(Math.max(squares / n, 1e-12));
    const value = n > 2 * width + 2 ? fit + 2 * width + (2 * width * (width + 1)) / (n - width - 1) : Infinity;
    this.#criteria.set(key, value);
    return value;
  }

  #rows(lags: readonly number[], cycles: readonly CalendarCycle[]): Float64Array[] {
    const waves = this.#frequency ? wavesOf(cycles, this.#frequency) : [];
    const { known, observed } = this.#covariates;
    return this.#steps.map(({ part: { series }, step, scaled }) => {
      const width = 1 + lags.length + 2 * waves.length + known.length + observed.length;
      const row = new Float64Array(width + known.filter(({ change }) => change).length);
      row[0] = 1;
      lags.forEach((lag, i) => (row[1 + i] = scaled[step - lag] || 0));
      if (waves.length > 0) writeCalendar(dateOfStep(series, step)!, waves, row, 1 + lags.length);
      let at = 1 + lags.length + 2 * waves.length;
      for (const { name, centre, spread, change } of known) {
        const values = series.known[name];
        row[at++] = (values[step] - centre) / spread || 0;
        if (change)
          row[at++] = (covariateChange(values, step - 1, 1, this.#preprocessing) - change.centre) / change.spread || 0;
      }
      for (const { name, centre, spread } of observed)
        row[at++] = (series.observed[name][step - 1] - centre) / spread || 0;
      return row;
    });
  }
}
