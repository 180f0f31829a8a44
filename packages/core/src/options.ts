import { HiddenstateError, shown } from "./errors.ts";

/** What one option must be. `default` absent means that the option is required, unless `optional`. */
export type OptionRule =
  | {
      type: "integer" | "number";
      min?: number;
      max?: number;
      above?: number;
      below?: number;
      default?: number;
      optional?: true;
    }
  | { type: "boolean"; default?: boolean; optional?: true }
  | { type: "string"; default?: string; optional?: true }
  | { type: "choice"; choices: readonly string[]; default?: string; optional?: true }
  | { type: "any"; optional: true };

/** The rules of one options object, by option name. */
export type OptionRules<T> = { [K in keyof Required<T>]: OptionRule };

/** An options object with its defaults filled in: only what has no default may still be absent. */
export type Resolved<T, D extends keyof T> = T & Required<Pick<T, D>>;

/**
 * Checks one options object against its rules and fills in the defaults, so that nothing is ignored silently.
 *
 * @param where the call to name in errors, such as `"new LSTM"`
 * @throws HiddenstateError `unknown` (with the nearest known name), `missing` or `invalid`
 */
export function resolveOptions<T extends object>(where: string, given: T, rules: OptionRules<T>): Required<T> {
  if (typeof given !== "object" || given === null) {
    throw new HiddenstateError("invalid", `${where}: invalid options: got ${shown(given)}, expected an object`);
  }
  // Loops without arrays in between: options are resolved for every token that is drawn.
  for (const name in given) {
    if (!Object.hasOwn(rules, name)) {
      const near = nearest(name, Object.keys(rules));
      const known = Object.keys(rules).join(", ");
      throw new HiddenstateError(
        "unknown",
        `${where}: unknown option "${name}"; ${near ? `did you mean "${near}"?` : `the options are ${known}`}`,
      );
    }
  }
  const resolved: Record<string, unknown> = {};
  for (const name in rules) {
    const rule: OptionRule = rules[name];
    const value = (given as Record<string, unknown>)[name];
    if (value !== undefined) {
      checkOption(where, name, value, rule);
      resolved[name] = value;
    } else if ("default" in rule && rule.default !== undefined) {
      resolved[name] = rule.default;
    } else if (!rule.optional) {
      throw new HiddenstateError("missing", `${where}: missing option "${name}"; expected ${expectation(rule)}`);
    }
  }
  return resolved as Required<T>;
}

function checkOption(where: string, name: string, value: unknown, rule: OptionRule): void {
  const valid =
    rule.type === "any" ||
    (rule.type === "choice" && rule.choices.includes(value as string)) ||
    ((rule.type === "boolean" || rule.type === "string") && typeof value === rule.type) ||
    ((rule.type === "integer" || rule.type === "number") && inRange(value, rule));
  if (!valid) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid ${name}: got ${shown(value)}, expected ${expectation(rule)}`,
    );
  }
}

function inRange(value: unknown, rule: OptionRule & { type: "integer" | "number" }): boolean {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (rule.type === "integer" && !Number.isInteger(value)) return false;
  return (
    value >= (rule.min ?? -Infinity) &&
    value <= (rule.max ?? Infinity) &&
    value > (rule.above ?? -Infinity) &&
    value < (rule.below ?? Infinity)
  );
}

function expectation(rule: OptionRule): string {
  switch (rule.type) {
    case "choice":
      return `one of ${rule.choices.join(", ")}`;
    case "boolean":
      return "true or false";
    case "string":
      return "a string";
    case "any":
      return "a value";
    default: {
      const bounds = [
        rule.min !== undefined && `at least ${rule.min}`,
        rule.above !== undefined && `above ${rule.above}`,
        rule.max !== undefined && `at most ${rule.max}`,
        rule.below !== undefined && `below ${rule.below}`,
      ].filter(Boolean);
      return [rule.type === "integer" ? "a whole number" : "a number", bounds.join(" and ")].filter(Boolean).join(" ");
    }
  }
}

/** The candidate closest to a misspelt name (Levenshtein distance at most 1/2 of its length), or undefined. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
