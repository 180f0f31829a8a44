/** A series of numbers at equal distances in time, with what is known beside it. */
export interface Series {
  /** Tells several series apart. Default: the series' number in the list, from 0. */
  id?: string;
  /** NaN where a value is missing. */
  values: ArrayLike<number>;
  /**
   * Of each value: ISO text such as `"1949-01"`, `"1981-12-31"` or `"2024-03-01T12:30"` (UTC where no zone is given), or milliseconds since
   * 1970. From them come the frequency and the calendar's features.
   */
  dates?: readonly (string | number)[];
  /**
   * Covariates that are known ahead (price, holiday, planned load), by name. Where they reach past the last value, those are the
   * future's. Missing (NaN): the mean of the training part is taken.
   */
  known?: Readonly<Record<string, ArrayLike<number>>>;
  /** Covariates that are not known ahead (weather as it was), by name, one for each value. Missing (NaN): as for `known`. */
  observed?: Readonly<Record<string, ArrayLike<number>>>;
  /** What does not change over time (shop, product group), by name: each gets a learned vector. */
  categories?: Readonly<Record<string, string>>;
  /** The number of each value's row where it came from, for messages. Default: counted from 1. */
  rows?: readonly number[];
  /** What those numbers count: rows, or lines of a file. Default `"row"`. */
  countedAs?: "row" | "line";
}

/** What to do with dates that do not follow one another at one distance. */
export interface DateRepairs {
  /** Dates out of order. Default `"error"`. */
  unsorted?: "error" | "sort";
  /** A date that occurs more than once in one series. Default `"error"`. */
  repeats?: "error" | "first" | "last" | "mean" | "sum";
  /**
   * Dates that are left out. `"fill"`: their values are missing; `"ignore"`: the values there are follow one another, and the calendar's
   * features come from their own dates. Default `"error"`.
   */
  gaps?: "error" | "fill" | "ignore";
}
