/** What stands for a number that JSON has no word for. */
interface Stand {
  "#number": string;
}

/**
 * JSON that keeps every number to the bit: JSON itself loses NaN, the infinities and the sign of zero, which are written as
 * `{"#number":"NaN"}`, `"Infinity"`, `"-Infinity"` and `"-0"`.
 */
export function exactJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_, item: unknown) => (isSpecial(item) ? ({ "#number": nameOf(item) } satisfies Stand) : item),
    space,
  );
}

/** Reads what `exactJson` wrote. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) => (isStand(item) ? Number(item["#number"]) : item));
}

function isSpecial(item: unknown): item is number {
  return typeof item === "number" && (!Number.isFinite(item) || Object.is(item, -0));
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function isStand(item: unknown): item is Stand {
  return typeof item === "object" && item !== null && "#number" in item;
}
