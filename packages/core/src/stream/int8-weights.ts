import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";

/** A weight in 8 bits: what the kernels packInt8 and packRowsInt8 make of it. */
export interface Int8Weight {
  values: Tensor;
  /** One for each output. */
  scales: Tensor;
}

/** For each weight its latest copy, which all streams over it share for as long as it does not change; it goes with the last. */
const copies = new WeakMap<Tensor, { version: number; copy: WeakRef<Int8Weight> }>();

function copyOnce(weight: Tensor, make: () => Int8Weight): Int8Weight {
  const { version } = weight.storage;
  const known = copies.get(weight);
  const shared = known?.version === version ? known.copy.deref() : undefined;
  if (shared) return shared;
  const copy = make();
  copies.set(weight, { version, copy: new WeakRef(copy) });
  return copy;
}

/** A weight [G*H, K] for products: about a quarter of the memory, and nothing of the weight itself. */
export function packedInt8(weight: Tensor, gates: number): Int8Weight {
  return copyOnce(weight, () => {
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
  return copyOnce(table, () => {
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
