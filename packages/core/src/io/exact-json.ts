/** What stands for a number that JSON has no word for. */
interface Stand {
  "#number": string;
}

/** The names of special numbers. */
const specials = ["NaN", "Infinity", "-Infinity", "-0"];
/** A key that could be taken for a stand's; in a record of somebody else's it gets one more `#`. */
const standKey = /^#+number$/;

/**
 * JSON that keeps every number to the bit: JSON itself loses NaN, the infinities and the sign of zero, which are written as
 * `{"#number":"NaN"}`, `"Infinity"`, `"-Infinity"` and `"-0"`. Records that have such a key themselves come back as they were.
 */
export function exactJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_, item: unknown) =>
      isSpecial(item) ? ({ "#number": nameOf(item) } satisfies Stand) : renamed(item, (key) => `#${key}`),
    space,
  );
}

/** Reads what `exactJson` wrote. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) =>
    isStand(item) ? Number(item["#number"]) : renamed(item, (key) => key.slice(1)),
  );
}

function renamed(item: unknown, rename: (key: string) => string): unknown {
  if (!isRecord(item) || !Object.keys(item).some((key) => standKey.test(key))) return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => [standKey.test(key) ? rename(key) : key, value]),
  );
}

function isSpecial(item: unknown): item is number {
  return typeof item === "number" && (!Number.isFinite(item) || Object.is(item, -0));
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function isStand(item: unknown): item is Stand {
  return isRecord(item) && Object.keys(item).length === 1 && specials.includes(item["#number"] as string);
}

function isRecord(item: unknown): item is Record<string, unknown> {
  return typeof item === "object" && item !== null && !Array.isArray(item);
}
