/**
 * The fixed vocabulary of what can be wrong with something given: `invalid` (a value out of range or of the wrong kind),
 * `unknown` (a name nobody knows), `missing`, `unsupported` (understood, but not possible here) and `mismatch` (two
 * things that do not fit together). `out-of-memory`, `not-finite`, `corrupt`, `storage` and `worker` (a thread that failed or
 * died) name faults that are not the caller's input.
 */
export type ErrorCode =
  | "invalid"
  | "unknown"
  | "missing"
  | "unsupported"
  | "mismatch"
  | "out-of-memory"
  | "not-finite"
  | "corrupt"
  | "storage"
  | "worker";

/**
 * Every error this library throws on purpose. The message is one sentence: where, what came, what was expected, what to do.
 *
 * @example
 * throw new HiddenstateError("mismatch", "lstm.forward: mismatch in x: got [8, 12], expected [T, B, 16] (inputSize 16)");
 */
export class HiddenstateError extends Error {
  /** Stable, for programs to branch on. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HiddenstateError";
    this.code = code;
  }
}

/** Shows a received value in an error message: short, and never a whole array. */
export function shown(value: unknown): string {
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(shown).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "an object";
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  return String(value);
}
