import { HiddenstateError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import { RecurrentNetwork } from "../nn/recurrent.ts";
import type { AnyRecurrentNetwork } from "./observe.ts";

/** A model's network, if it is a recurrent one. @throws HiddenstateError `unsupported` for a Transformer */
export function recurrentPart(network: Module): AnyRecurrentNetwork {
  if (network instanceof RecurrentNetwork) return network as AnyRecurrentNetwork;
  throw new HiddenstateError(
    "unsupported",
    "inspect: unsupported model: it has no recurrent network, but a Transformer; inspect an rnn, lstm or gru",
  );
}

/** At most so many items, evenly spread over all of them. */
export function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / most)]);
}

/** Batches of so many items. */
export function* groups<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** `the last 16 characters`, `the last character`. */
export function lastOnes(k: number | "k", unit: string): string {
  return k === 1
    ? `the last ${unit.replace(/s$/, "")}`
    : `the last ${k === "k" ? k : k.toLocaleString("en-US")} ${unit}`;
}
