/** Which naive forecast a series is told as the difference from. */
export type Difference = "none" | "first" | "seasonal" | "both";

/** How values become the numbers that the network reads and forecasts; chosen on the training part alone. */
export interface Preprocessing {
  /** Natural logarithm first. */
  log: boolean;
  difference: Difference;
  /** Steps of a season; 1: none. */
  season: number;
  /** `"standard"`: centre and spread of each series' training part; `"window"`: of the context before each forecast. */
  scaling: "standard" | "window";
  /** False for counts: nothing is subtracted, and they are divided by 1 + their mean. */
  centred: boolean;
  /** How much farther the forecast may lie from its base, relative to one step ahead, for each number of steps. */
  growth: readonly number[];
  /** By series; for `"standard"` only. */
  scales: Readonly<Record<string, Scale>>;
}

/** What is subtracted, and by what the rest is divided. */
export interface Scale {
  centre: number;
  spread: number;
}

/** Steps before the first difference. */
export function leadOf({ difference, season }: Pick<Preprocessing, "difference" | "season">): number {
  return { none: 0, first: 1, seasonal: season, both: season + 1 }[difference];
}

/**
 * The naive forecast that differences are taken from.
 *
 * With z the (log) values up to the origin o, h steps ahead and k = ⌈h / season⌉ seasons back: none 0; first z_o; seasonal
 * z_{o+h-k season}; both z_{o+h-k season} + k (z_o - z_{o-season}). One step ahead these are the usual differences.
 *
 * @param levels z; nothing after the origin is read
 * @returns NaN where the past is too short
 */
export function baseOf(
  levels: ArrayLike<number>,
  origin: number,
  ahead: number,
  { difference, season }: Pick<Preprocessing, "difference" | "season">,
): number {
  if (difference === "none") return 0;
  if (difference === "first") return levels[origin] ?? NaN;
  const seasons = Math.ceil(ahead / season);
  const before = levels[origin + ahead - seasons * season] ?? NaN;
  if (difference === "seasonal") return before;
  return before + seasons * (levels[origin] - (levels[origin - season] ?? NaN));
}

/** A series' values as levels (logarithm, gaps filled from the past) and changes (levels minus their base one step before). */
export interface Changes {
  /** NaN before the first value. */
  readonly levels: Float64Array;
  /** Where values are there, levels without filling; else NaN. */
  readonly observed: Float64Array;
  /** NaN where the value or its base is missing. */
  readonly changes: Float64Array;
}

/** Each step from those before it: what comes later changes nothing. */
export function changesOf(
  values: ArrayLike<number>,
  preprocessing: Pick<Preprocessing, "log" | "difference" | "season">,
): Changes {
  const n = values.length;
  const observed = new Float64Array(n);
  const levels = new Float64Array(n);
  const changes = new Float64Array(n);
  for (let t = 0; t < n; t++) {
    observed[t] = preprocessing.log ? Math.log(values[t]) : values[t];
    levels[t] = Number.isNaN(observed[t]) ? filled(levels, t, preprocessing) : observed[t];
    changes[t] = observed[t] - baseOf(levels, t - 1, 1, preprocessing);
  }
  return { levels, observed, changes };
}

/** A missing level: that of one season before, where seasons matter, else the last. */
function filled(
  levels: Float64Array,
  t: number,
  { difference, season }: Pick<Preprocessing, "difference" | "season">,
): number {
  const seasonal = difference === "seasonal" || difference === "both";
  const before = seasonal && t >= season ? levels[t - season] : NaN;
  return Number.isNaN(before) ? (levels[t - 1] ?? NaN) : before;
}

/** Back from a level to a value. */
export function valueOf(level: number, { log }: Pick<Preprocessing, "log">): number {
  return log ? Math.exp(level) : level;
}

/** Centre and spread of numbers of which some are missing (NaN); of counts 0 and 1 + mean. */
export function scaleOf(numbers: Float64Array, centred = true): Scale {
  let [sum, count] = [0, 0];
  for (const number of numbers) {
    if (Number.isNaN(number)) continue;
    sum += number;
    count++;
  }
  const centre = count > 0 ? sum / count : 0;
  if (!centred) return { centre: 0, spread: 1 + centre };
  let squares = 0;
  for (const number of numbers) if (!Number.isNaN(number)) squares += (number - centre) ** 2;
  return scaleFrom(centre, squares / Math.max(1, count));
}

/** Where nothing varies, what is forecast is the centre: any spread will do that does not blow rounding up. */
function scaleFrom(centre: number, variance: number): Scale {
  return { centre, spread: Math.max(Math.sqrt(variance), 1e-3 * Math.abs(centre)) || 1 };
}

/** A window is scaled by at least this share of the spread that its series had so far: a quiet one must not make what follows endless. */
const leastShare = 0.05;

/**
 * The scale of a window: that of its own numbers, but of the series so far where all of them are missing, and never narrower than a twentieth
 * of that.
 *
 * @param soFar the scale of the series up to the window's end
 */
export function windowScale(window: Float64Array, soFar: Scale, centred: boolean): Scale {
  if (!centred) return scaleOf(window, false);
  if (window.every(Number.isNaN)) return soFar;
  const { centre, spread } = scaleOf(window);
  const quiet = window.every((number) => Number.isNaN(number) || number === centre);
  return { centre, spread: Math.max(quiet ? 0 : spread, leastShare * soFar.spread) };
}

/** The scale of a series up to each of its steps, from that step and those before it alone (Welford 1962). */
export function scalesSoFar(numbers: Float64Array): (step: number) => Scale {
  const centres = new Float64Array(numbers.length);
  const variances = new Float64Array(numbers.length);
  let [centre, squares, count] = [0, 0, 0];
  numbers.forEach((number, t) => {
    if (!Number.isNaN(number)) {
      const from = number - centre;
      centre += from / ++count;
      squares += from * (number - centre);
    }
    centres[t] = centre;
    variances[t] = squares / Math.max(1, count);
  });
  return (step) => scaleFrom(centres[step], variances[step]);
}
