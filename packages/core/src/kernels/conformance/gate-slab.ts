import type { Stage } from "./stage.ts";

/** How the rows of a gate slab [N, G*H] are meant. */
export interface SlabShape {
  rows: number;
  gates: number;
  hiddenSize: number;
}

/** x W^T + bias as a gate slab: the input's part of the pre-activations. weight [G*H, K], x [N, K], all in PyTorch's order. */
export function projectToSlab(
  stage: Stage,
  { rows, gates, hiddenSize }: SlabShape,
  {
    weight,
    x,
    inputs,
    bias = null,
  }: {
    weight: ArrayLike<number>;
    x: ArrayLike<number>;
    inputs: number;
    bias?: ArrayLike<number> | null;
  },
): number {
  const { set, kernels } = stage;
  const width = set.gateWidth(gates, hiddenSize);
  const panels = stage.room(1, set.gatePanelSize(gates, hiddenSize, inputs, 0));
  kernels.packGates({ panels, weight: stage.floats(weight), gates, hiddenSize, inputs, transpose: 0 });
  const slabBias = bias ? stage.room(1, width) : 0;
  if (bias) {
    const biasInput = stage.floats(bias);
    kernels.packGateBias({ out: slabBias, biasInput, biasHidden: 0, gates, hiddenSize, hiddenGates: 0 });
  }
  const slab = stage.room(rows, width);
  kernels.gemmPacked({
    c: slab,
    a: stage.floats(x),
    panels,
    bias: slabBias,
    m: rows,
    n: width,
    k: inputs,
    cStride: width,
    aStride: inputs,
    accumulate: 0,
  });
  return slab;
}

/** Numbers [N, G*H] in PyTorch's order as a gate slab, exactly: their projection by the identity. */
export function toSlab(stage: Stage, shape: SlabShape, values: ArrayLike<number>): number {
  const inputs = shape.gates * shape.hiddenSize;
  const weight = new Float32Array(inputs * inputs);
  for (let j = 0; j < inputs; j++) weight[j * inputs + j] = 1;
  return projectToSlab(stage, shape, { weight, x: values, inputs });
}

/** A gate slab's numbers [N, G*H] in PyTorch's order. */
export function fromSlab(stage: Stage, { rows, gates, hiddenSize }: SlabShape, slab: number): Float64Array {
  const out = stage.room(rows, gates * hiddenSize);
  stage.kernels.unpackGates({ out, slab, rows, gates, hiddenSize });
  return stage.read(out);
}
