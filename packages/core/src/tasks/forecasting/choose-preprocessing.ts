import { meanOf, possibleSeasons, seasonalStrength, strongestSeason, variance } from "../../data/series/seasonality.ts";
import type { RegularSeries } from "../../data/series/regular-series.ts";
import { isMultiplicative, kpss, kpssCritical } from "../../data/series/stationarity.ts";
import { baseOf, changesOf, type Difference, type Preprocessing, scaleOf } from "./preprocessing.ts";

/** What the caller fixed; the rest is chosen. */
export interface PreprocessingRequest {
  log?: boolean;
  difference?: Difference;
  season?: number;
  scaling?: "standard" | "window";
  /** Default true. */
  centred?: boolean;
}

/** A choice, and the numbers that it was made by. */
export interface ChosenPreprocessing {
  preprocessing: Preprocessing;
  /** For people: one sentence for each choice. */
  reasons: string[];
}

/** From here on a season is strong enough to be taken away (as `nsdiffs` of Hyndman's forecast package has it). */
const strong = 0.64;
/** From here on a season is there at all. */
const present = 0.3;
/** So much may the spread differ between stretches of a series before each window is scaled by itself. */
const unevenSpread = 4;
/** Tests look at so many series at most. */
const mostSeries = 50;

/**
 * Chooses how values are preprocessed, from the training parts alone: the logarithm where they are positive and vary in proportion to
 * their level (Guerrero 1993); seasonal differences where the season is strong (Wang et al. 2006); first differences where what is
 * left drifts (KPSS 1992); scaling by window where the spread changes over time.
 *
 * @param training the training parts of all series
 * @param targets how many steps ahead are forecast at once
 */
export function choosePreprocessing(
  training: readonly RegularSeries[],
  request: PreprocessingRequest,
  targets: number,
): ChosenPreprocessing {
  const sample = training.slice(0, mostSeries).map(({ values }) => interpolated(values));
  const { frequency } = training[0];
  const reasons: string[] = [];

  const natural = median(sample.map((values) => strongestSeason(values, possibleSeasons(values, frequency)).season));
  const season = request.season ?? natural;
  const multiplicative = sample.filter((values) => isMultiplicative(values, season > 1 ? season : 12)).length;
  const log = request.log ?? multiplicative > sample.length / 2;
  if (request.log === undefined) {
    reasons.push(
      log
        ? "log: the values vary in proportion to their level"
        : "no log: the values do not vary in proportion to their level",
    );
  }
  const levels = sample.map((values) => (log ? values.map(Math.log) : values));
  const strength = season > 1 ? median(levels.map((values) => seasonalStrength(values, season))) : 0;
  const kept = request.season ?? (strength >= present ? season : 1);
  const difference = request.difference ?? chooseDifference(levels, kept, strength, reasons);
  const { centred = true } = request;
  const base = { log, difference, season: kept };
  const changes = training.map(({ values }) => changesOf(values, base));
  const scaling =
    request.scaling ??
    chooseScaling(
      changes.map((each) => each.changes),
      reasons,
    );
  const scales = Object.fromEntries(training.map(({ id }, i) => [id, scaleOf(changes[i].changes, centred)]));
  const growth = growthOf(changes, base, targets);
  return {
    preprocessing: { ...base, scaling, centred, growth, scales: scaling === "standard" ? scales : {} },
    reasons,
  };
}

function chooseDifference(
  levels: readonly Float64Array[],
  season: number,
  strength: number,
  reasons: string[],
): Difference {
  const seasonal = season > 1 && strength >= strong;
  const left = levels.map((values) => {
    const without = seasonal ? values.subarray(season).map((value, i) => value - values[i]) : values;
    return kpss(without);
  });
  const statistic = median(left);
  const first = statistic > kpssCritical;
  if (season > 1) {
    reasons.push(
      `${seasonal ? "seasonal differences" : "no seasonal differences"}: the season of ${season} steps has strength ${strength.toFixed(2)} (from ${strong} on it is taken away)`,
    );
  } else reasons.push("no seasonal differences: no season was found");
  reasons.push(
    `${first ? "first differences" : "no first differences"}: ${seasonal ? "what is left " : "the series "}${first ? "drifts" : "does not drift"} ` +
      `(KPSS ${statistic.toFixed(2)}, above ${kpssCritical} it does)`,
  );
  if (seasonal) return first ? "both" : "seasonal";
  return first ? "first" : "none";
}

/** Compares the spread of changes between stretches of a fifth. */
function chooseScaling(changes: readonly Float64Array[], reasons: string[]): "standard" | "window" {
  const ratios = changes.slice(0, mostSeries).map((each) => {
    const there = each.filter((change) => !Number.isNaN(change));
    const size = Math.max(24, Math.ceil(there.length / 5));
    const spreads: number[] = [];
    for (let start = 0; start + size <= there.length; start += size)
      spreads.push(Math.sqrt(variance(there.subarray(start, start + size))));
    return spreads.length < 3 ? 1 : Math.max(...spreads) / Math.max(Math.min(...spreads), 1e-9);
  });
  const ratio = median(ratios);
  const scaling = ratio > unevenSpread ? "window" : "standard";
  const finding = `the spread differs ${ratio.toPrecision(2)}-fold over the training part (above ${unevenSpread}: by window)`;
  reasons.push(scaling === "window" ? `scaled by window: ${finding}` : `scaled once: ${finding}`);
  return scaling;
}

/** Spread of the difference from the base h steps ahead, relative to one step ahead. */
function growthOf(
  series: readonly { levels: Float64Array; observed: Float64Array }[],
  base: Pick<Preprocessing, "difference" | "season">,
  targets: number,
): number[] {
  const spread = (ahead: number): number => {
    const spreads = series.slice(0, mostSeries).map(({ levels, observed }) => {
      const apart = observed.map((level, t) => level - baseOf(levels, t - ahead, ahead, base));
      return apart.some((difference) => !Number.isNaN(difference)) ? Math.sqrt(variance(apart)) : 0;
    });
    return meanOf(Float64Array.from(spreads));
  };
  const one = spread(1);
  return Array.from({ length: targets }, (_, i) => {
    const ratio = i === 0 || base.difference === "none" || one === 0 ? 1 : spread(i + 1) / one;
    return ratio > 0 ? ratio : 1;
  });
}

/** Gaps filled on straight lines, for the tests alone; leading and trailing ones left out. */
function interpolated(values: Float64Array): Float64Array {
  const there = (value: number): boolean => !Number.isNaN(value);
  const result = values.slice(values.findIndex(there), values.findLastIndex(there) + 1);
  let last = 0;
  for (let t = 1; t < result.length; t++) {
    if (Number.isNaN(result[t])) continue;
    const step = (result[t] - result[last]) / (t - last);
    for (let between = last + 1; between < t; between++) result[between] = result[last] + (between - last) * step;
    last = t;
  }
  return result;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
}
