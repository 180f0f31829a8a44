import { dropoutMask } from "../autograd/ops/dropout.ts";
import type { WordPair } from "../kernels/threefry.ts";
import type { Tensor } from "../memory/tensor.ts";
import type { PackedPart } from "./packing.ts";
import type { RecurrentOptions } from "./recurrent-options.ts";

/** Keys of the dropout masks of one pass: above each layer but the last, and inside each layer and direction. */
export interface MaskKeys {
  between: WordPair[] | null;
  inside: WordPair[][] | null;
}

type Rates = Pick<Required<RecurrentOptions>, "layers" | "dropout" | "recurrentDropout">;

/**
 * Draws the keys of all masks of one pass, or null where there is no dropout.
 * @param draw the next key of a use
 */
export function drawMaskKeys(
  { layers, dropout, recurrentDropout }: Rates,
  directions: number,
  draw: (use: string) => WordPair,
): MaskKeys | null {
  if (dropout === 0 && recurrentDropout === 0) return null;
  const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  return {
    between: dropout === 0 ? null : each(layers - 1, (layer) => draw(`dropout_l${layer}`)),
    inside:
      recurrentDropout === 0
        ? null
        : each(layers, (layer) => each(directions, (d) => draw(`recurrent_dropout_${suffixOf(layer, d)}`))),
  };
}

/**
 * What each value written in one layer is multiplied with, [N, H] for each direction: anew at each step, or (variational) as at time 0 at
 * every step of a sequence. Chunks of a sequence have the masks of the whole under the same keys.
 */
export function writeMasks(
  keys: readonly WordPair[],
  { hiddenSize, recurrentDropout, variational }: Required<RecurrentOptions>,
  packing: PackedPart,
): Tensor[] {
  const ids = variational ? packing.sequenceIds() : packing.rowIds;
  return keys.map((key) => dropoutMask([packing.rows, hiddenSize], recurrentDropout, key, ids, packing.batch));
}

/** What the names of a layer's and direction's parameters end in. */
export function suffixOf(layer: number, direction: number): string {
  return `l${layer}${direction === 1 ? "_reverse" : ""}`;
}
