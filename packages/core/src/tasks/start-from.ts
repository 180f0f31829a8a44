import { HiddenstateError, shown } from "../errors.ts";
import { type CellOptions, cellOptionRules } from "../nn/cell-options.ts";
import type { Module } from "../nn/module.ts";
import { resolveOptions } from "../options.ts";

/**
 * The architecture of a model to start from, with the share of dropped values that is asked for: all else must be as it is there.
 *
 * @throws HiddenstateError `mismatch`, naming the option
 */
export function inheritedArchitecture<A extends { dropout?: number }>(
  architecture: Required<A>,
  options: A,
): Required<A> {
  // A model that was trained before there was an option of cells is without it.
  const there = { ...resolveOptions<CellOptions>("train", {}, cellOptionRules), ...architecture };
  for (const name of Object.keys(there) as (keyof A & string)[]) {
    if (name !== "dropout") refuseAnother(name, options[name], there[name]);
  }
  return { ...there, dropout: options.dropout ?? there.dropout };
}

/** @throws HiddenstateError `mismatch` where an option is given that is not as the model to start from has it */
export function refuseAnother(name: string, given: unknown, there: unknown): void {
  if (given === undefined || given === there) return;
  throw new HiddenstateError(
    "mismatch",
    `train: mismatch in ${name}: got ${shown(given)}, but the model to start from has ${shown(there)}; leave it out`,
  );
}

/**
 * Copies the parameters of the model to start from, and gives its memory back.
 * @param keep parameters that stay as the new model has them
 */
export function takeOver(model: Module, start: Module, keep: (name: string) => boolean = () => false): void {
  const values = start.stateDict();
  const given = new Map(values);
  for (const [name, own] of model.stateDict()) if (keep(name)) given.set(name, own);
  model.loadStateDict(given);
  for (const parameter of values.values()) parameter.end();
}
