import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";

/** A weight in 8 bits: what the kernels packInt8 and packRowsInt8 make of it. */
export interface Int8Weight {
  values: Tensor;
  /** One for each output. */
  scales: Tensor;
}

/**
 * For each weight and layout the latest copy, which all streams over it share for as long as the weight does not change; it goes with
 * the last. A weight may be there in two layouts: tied, a table of vectors is the output layer's weight too.
 */
const copies = new WeakMap<Tensor, Map<string, { version: number; copy: WeakRef<Int8Weight> }>>();

function copyOnce(weight: Tensor, layout: string, make: () => Int8Weight): Int8Weight {
  const { version } = weight.storage;
  const layouts = copies.get(weight) ?? new Map<string, { version: number; copy: WeakRef<Int8Weight> }>();
  const known = layouts.get(layout);
  const shared = known?.version === version ? known.copy.deref() : undefined;
  if (shared) return shared;
  const copy = make();
  copies.set(weight, layouts.set(layout, { version, copy: new WeakRef(copy) }));
  return copy;
}

/** A weight [G*H, K] for products: about a quarter of the memory, and nothing of the weight itself. */
export function packedInt8(weight: Tensor, gates: number): Int8Weight {
  return copyOnce(weight, `${gates} gates`, () => {
    const { kernelSet } = runtime();
    const [outputs, inputs] = weight.shape as [number, number];
    const hiddenSize = outputs / gates;
    const width = kernelSet.gateWidth(gates, hiddenSize);
    const values = roomForBytes(width * (inputs + (inputs % 2)));
    const scales = empty([width]).persist();
    kernelSet.kernels.packInt8({
      panels: values.offset,
      scales: scales.offset,
      weight: weight.offset,
      gates,
      hiddenSize,
      inputs,
    });
    return { values, scales };
  });
}

/** A table [V, E] to take rows from. */
export function rowsInt8(table: Tensor): Int8Weight {
  return copyOnce(table, "rows", () => {
    const [rows, width] = table.shape as [number, number];
    const values = roomForBytes(rows * width);
    const scales = empty([rows]).persist();
    const { kernels } = runtime().kernelSet;
    kernels.packRowsInt8({ out: values.offset, scales: scales.offset, x: table.offset, rows, width });
    return { values, scales };
  });
}

function roomForBytes(bytes: number): Tensor {
  return empty([Math.ceil(bytes / 4)], "int32").persist();
}
