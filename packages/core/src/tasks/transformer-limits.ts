import { HiddenstateError } from "../errors.ts";
import type { CellChoice } from "../nn/cell-choice.ts";

/**
 * Refuses sequences to read whole that are longer than a Transformer has positions, before anything is computed.
 *
 * @param lengths of the sequences of each part of the data
 * @throws HiddenstateError `invalid`, naming the part and the longest
 */
export function refuseLongSequences(
  { cell, positions }: Required<Pick<CellChoice, "cell" | "positions">>,
  lengths: Readonly<Record<"training" | "validation", readonly number[]>>,
): void {
  if (cell !== "transformer") return;
  for (const part of ["training", "validation"] as const) {
    const longest = lengths[part].reduce((most, length) => Math.max(most, length), 0);
    if (longest <= positions) continue;
    throw new HiddenstateError(
      "invalid",
      `${part}: invalid length: the longest sequence has ${longest} steps, expected at most ${positions}, the Transformer's positions; ` +
        `use positions ${longest}, or cut the long ones`,
    );
  }
}

/**
 * Refuses sequences to be asked about, or measured on, that are longer than a Transformer has positions, before anything is computed.
 *
 * @param nameOf how errors name a sequence, by its place in the array: `data.csv:17`
 * @throws HiddenstateError `invalid`, naming the first that is too long
 */
export function refuseLongInputs(
  { cell, positions }: Required<Pick<CellChoice, "cell" | "positions">>,
  lengths: readonly number[],
  nameOf: (i: number) => string,
): void {
  const long = cell === "transformer" ? lengths.findIndex((length) => length > positions) : -1;
  if (long < 0) return;
  throw new HiddenstateError(
    "invalid",
    `${nameOf(long)}: invalid length: the sequence has ${lengths[long]} steps, expected at most ${positions}, the Transformer's positions; ` +
      `cut it, or train with positions ${lengths[long]}`,
  );
}

/** @throws HiddenstateError `invalid` or `unsupported` for windows of a text that a Transformer can't be trained on */
export function refuseWindow(
  { cell, positions }: Required<Pick<CellChoice, "cell" | "positions">>,
  { bptt, recompute }: { bptt: number; recompute: boolean },
): void {
  if (cell !== "transformer") return;
  if (recompute) {
    throw new HiddenstateError(
      "unsupported",
      "train: unsupported recompute with cell transformer, which has no chain of steps to compute again; leave it out",
    );
  }
  if (bptt <= positions) return;
  throw new HiddenstateError(
    "invalid",
    `train: invalid bptt: got windows of ${bptt} steps, expected at most ${positions}, the Transformer's positions: no step sees farther ` +
      "back; use a smaller bptt or more positions",
  );
}
