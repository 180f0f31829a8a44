import type { Precision } from "../kernels.ts";

/**
 * How far a result may be from the reference: `roundings` times the unit roundoff (2^-24 in f32, 2^-53 in f64) times `of`,
 * plus `absolute`. `of` is the size of what was summed up, since that and not the result bounds the error of a sum; left
 * out, it is the result's own magnitude; a function is called for the reference only. No roundings and no absolute part: the reference's value, rounded once.
 */
export interface Tolerance {
  roundings: number;
  of?: Size | (() => Size);
  absolute?: number;
}

type Size = number | ArrayLike<number>;

/** What a case found: numbers to compare with the reference's, or with others that must have the same bits. */
export type Outcome =
  | { values: ArrayLike<number>; tolerance: Tolerance }
  | { values: ArrayLike<number>; sameBitsAs: ArrayLike<number> };

export const exact: Tolerance = { roundings: 0 };

/** Below the smallest normal number a result may be zero: wasm's approximations need not make denormals. */
export const orDenormal: number = 2 ** -126;

/** Where the values differ by more than they may: the first such place in words, and how many there are. */
export function differences(actual: Outcome, expected: Outcome, precision: Precision): string | null {
  if ("sameBitsAs" in actual) {
    return report(actual.values, actual.sameBitsAs, (i) => Object.is(actual.values[i], actual.sameBitsAs[i]));
  }
  if ("sameBitsAs" in expected) throw new Error("a case must give outcomes of the same kind on every kernel set");
  const { roundings, of: given, absolute = 0 } = expected.tolerance;
  const of = typeof given === "function" ? given() : given;
  const unit = precision === "f64" ? 2 ** -53 : 2 ** -24;
  const round = precision === "f64" ? (value: number): number => value : Math.fround;
  return report(actual.values, expected.values, (i) => {
    const got = actual.values[i];
    const wanted = expected.values[i];
    const rounded = round(wanted);
    const size = of === undefined ? Math.abs(wanted) : typeof of === "number" ? of : of[i];
    const allowed = roundings * unit * size + absolute;
    // NaN, infinity, and what overflows to it, are themselves on every kernel set; and 0 is -0.
    if (!Number.isFinite(rounded)) return Object.is(got, rounded);
    return allowed === 0 ? got === rounded : Math.abs(got - wanted) <= allowed;
  });
}

function report(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  agrees: (index: number) => boolean,
): string | null {
  if (actual.length !== expected.length) return `${actual.length} numbers instead of ${expected.length}`;
  let first = -1;
  let count = 0;
  for (let i = 0; i < actual.length; i++) {
    if (agrees(i)) continue;
    if (first < 0) first = i;
    count++;
  }
  if (count === 0) return null;
  return `${count} of ${actual.length} differ, first [${first}]: ${actual[first]} instead of ${expected[first]}`;
}
