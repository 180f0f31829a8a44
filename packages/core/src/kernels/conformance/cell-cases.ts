import { recurrenceGates, recurrenceKinds } from "../signatures/cells.ts";
import type { ConformanceCase } from "./case.ts";
import { fromSlab, toSlab } from "./gate-slab.ts";
import type { Outcome } from "./outcome.ts";
import { batchSizesOf, rowCount } from "./recurrent-layer.ts";
import { largest, type Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

type Kind = (typeof recurrenceKinds)[number];

interface CellCase {
  kind: Kind;
  /** Layer normalisation of the recurrent part and, for LSTMs, of the cell. */
  norm?: true;
  bias?: false;
  mask?: true;
  peepholes?: true;
  projection?: true;
}

const everything = { norm: true, mask: true, peepholes: true, projection: true } as const;
const cells: readonly CellCase[] = [
  { kind: "tanh" },
  { kind: "tanh", norm: true },
  { kind: "relu", norm: true, bias: false },
  { kind: "lstm" },
  { kind: "lstm", norm: true },
  { kind: "lstm", peepholes: true },
  { kind: "lstm", mask: true, projection: true },
  { kind: "lstm", ...everything },
  { kind: "coupledLstm" },
  { kind: "coupledLstm", ...everything, bias: false },
  { kind: "gru" },
  { kind: "gru", norm: true },
  { kind: "gru", norm: true, mask: true, bias: false },
  { kind: "mingru" },
  { kind: "mingru", mask: true },
  { kind: "minlstm" },
  { kind: "minlstm", mask: true },
];

const shapes: readonly { lengths: number[]; hiddenSize: number; reverse: 0 | 1; gap: number }[] = [
  { lengths: [1], hiddenSize: 1, reverse: 0, gap: 0 },
  { lengths: [4, 2, 2, 1, 0], hiddenSize: 3, reverse: 1, gap: 3 },
  { lengths: [5, 5, 3, 1, 1, 1, 0], hiddenSize: 17, reverse: 0, gap: 0 },
  { lengths: [3, 3, 3, 3, 2, 2, 2, 1, 1], hiddenSize: 33, reverse: 1, gap: 1 },
];

function title({ kind, norm, bias, mask, peepholes, projection }: CellCase): string {
  const options = { norm, mask, peepholes, projection, "no bias": bias === false };
  const given = Object.entries(options).flatMap(([name, on]) => (on ? [name] : []));
  return [kind, ...given].join(", ");
}

/**
 * Runs a cell forward and back. Over so few steps errors stay within some hundred roundings of the largest number of each result: a
 * gradient has passed through at most five products of at most 132 terms, and two normalisations a step.
 */
function run(stage: Stage, samples: Samples, cell: CellCase, shape: (typeof shapes)[number]): Record<string, Outcome> {
  const { set, kernels } = stage;
  const { lengths, hiddenSize, reverse, gap } = shape;
  const kind = recurrenceKinds.indexOf(cell.kind);
  const gates = recurrenceGates[kind];
  const width = gates * hiddenSize;
  const [rows, batch, steps] = [rowCount(lengths), lengths.length, Math.max(0, ...lengths)];
  const isLstm = cell.kind === "lstm" || cell.kind === "coupledLstm";
  const recurs = cell.kind !== "mingru" && cell.kind !== "minlstm";
  const hasHidden = cell.norm === true || cell.kind === "gru";
  const outputSize = cell.projection ? Math.ceil(hiddenSize / 2) : hiddenSize;
  const slabWidth = set.gateWidth(gates, hiddenSize);
  const slab = { rows, gates, hiddenSize };
  const bound = 1 / Math.sqrt(hiddenSize);
  const peepholeRows = gates - 1;

  const weightHidden = samples.uniform(width * outputSize, -bound, bound);
  const weightProjection = samples.uniform(outputSize * hiddenSize, -bound, bound);
  const packedHidden = (transpose: 0 | 1): number => {
    if (!recurs) return 0;
    const panels = stage.room(1, set.gatePanelSize(gates, hiddenSize, outputSize, transpose));
    const weight = stage.floats(weightHidden);
    kernels.packGates({ panels, weight, gates, hiddenSize, inputs: outputSize, transpose });
    return panels;
  };
  const packedProjection = (transpose: 0 | 1): number => {
    if (!cell.projection) return 0;
    const [k, n] = transpose ? [hiddenSize, outputSize] : [outputSize, hiddenSize];
    const panels = stage.room(1, set.panelSize(k, n));
    const b = stage.floats(weightProjection);
    kernels.pack({ panels, b, k, n, bStride: hiddenSize, transpose });
    return panels;
  };
  const slabRow = (values: ArrayLike<number>): number => toSlab(stage, { ...slab, rows: 1 }, values);
  const when = (wanted: unknown, offset: () => number): number => (wanted ? offset() : 0);
  const [biasValues, gainValues] = [samples.normal(width), samples.uniform(width, 0.5, 1.5)];
  const [cellGains, cellShifts] = [samples.uniform(hiddenSize, 0.5, 1.5), samples.normal(hiddenSize)];
  const maskValues = samples.integers(rows * hiddenSize, 3).map((draw) => (draw ? 1.5 : 0));
  const peepholeValues = samples.normal(peepholeRows * hiddenSize, 0.5);

  const normOfCell = cell.norm && isLstm;
  const shared = {
    hidden: when(hasHidden, () => stage.room(rows, slabWidth)),
    scales: when(cell.norm, () => stage.room(rows)),
    hiddenBias: when(hasHidden && cell.bias !== false, () => slabRow(biasValues)),
    gain: when(cell.norm, () => slabRow(gainValues)),
    mask: when(cell.mask, () => stage.floats(maskValues)),
    peepholes: when(cell.peepholes, () => stage.floats(peepholeValues)),
    cellGain: when(normOfCell, () => stage.floats(cellGains)),
    cellShift: when(normOfCell && cell.bias !== false, () => stage.floats(cellShifts)),
    normalizedCell: when(normOfCell, () => stage.room(rows, hiddenSize)),
    cellScales: when(normOfCell, () => stage.room(rows)),
    batchSizes: stage.ints(batchSizesOf(lengths)),
    gates: toSlab(stage, slab, samples.normal(rows * width)),
    previousHidden: stage.room(rows, outputSize),
    previousCell: when(isLstm, () => stage.room(rows, hiddenSize)),
    kind,
    steps,
    batch,
    rows,
    hiddenSize,
    outputSize,
    reverse,
  };
  const cellOutput = when(cell.projection, () => stage.room(rows, hiddenSize));
  const output = stage.room(rows, outputSize, outputSize + gap);
  const finalHidden = stage.room(batch, outputSize);
  const finalCell = when(isLstm, () => stage.room(batch, hiddenSize));
  const [h, c] = [samples.normal(batch * outputSize), samples.normal(batch * hiddenSize)];
  kernels.cellForward({
    ...shared,
    hiddenPanels: packedHidden(0),
    projection: packedProjection(1),
    cellOutput,
    initialHidden: stage.floats(h),
    initialCell: when(isLstm, () => stage.floats(c)),
    output,
    finalHidden,
    finalCell,
    outputStride: outputSize + gap,
    epsilon: 1e-5,
  });
  const outcomes: Record<string, Outcome> = {};
  const close = (name: string, values: ArrayLike<number>): void => {
    outcomes[name] = { values, tolerance: { roundings: 500, of: () => Math.max(1, largest(values)) } };
  };
  const found = (name: string, offset: number): void => {
    if (offset) close(name, stage.read(offset));
  };
  found("output", output);
  found("finalHidden", finalHidden);
  found("finalCell", finalCell);
  found("previousHidden", shared.previousHidden);
  found("previousCell", shared.previousCell);
  found("cellOutput", cellOutput);
  close("gates", fromSlab(stage, slab, shared.gates));

  const gateGradients = stage.room(rows, slabWidth);
  const hiddenGateGradients = when(hasHidden, () => stage.room(rows, slabWidth));
  const peepholeProducts = when(cell.peepholes, () => stage.room(rows, peepholeRows * hiddenSize));
  const cellGradients = when(normOfCell, () => stage.room(rows, hiddenSize));
  const hiddenGradients = when(cell.projection || cell.mask, () => stage.room(rows, outputSize));
  const cellTap = when(isLstm && cell.mask, () => stage.room(rows, hiddenSize));
  const gradInitialHidden = stage.room(batch, outputSize);
  const gradInitialCell = when(isLstm, () => stage.room(batch, hiddenSize));
  const gradients = [rows * outputSize, batch * outputSize, batch * hiddenSize].map((count) => samples.normal(count));
  kernels.cellBackward({
    ...shared,
    hiddenPanels: packedHidden(1),
    projection: packedProjection(0),
    gateGradients,
    hiddenGateGradients,
    peepholeProducts,
    cellGradients,
    hiddenGradients,
    cellTap,
    outputGradients: when(cell.projection, () => stage.room(batch, hiddenSize)),
    gradOutput: stage.matrix(gradients[0], rows, outputSize, outputSize + gap),
    gradFinalHidden: stage.floats(gradients[1]),
    gradFinalCell: when(isLstm, () => stage.floats(gradients[2])),
    gradInitialHidden,
    gradInitialCell,
    gradOutputStride: outputSize + gap,
  });
  close("gateGradients", fromSlab(stage, slab, gateGradients));
  if (hiddenGateGradients) close("hiddenGateGradients", fromSlab(stage, slab, hiddenGateGradients));
  if (cell.norm) close("gain products", fromSlab(stage, slab, shared.hidden));
  if (cell.norm && cell.kind === "gru") close("shift gradients", fromSlab(stage, slab, shared.gates));
  found("peepholeProducts", peepholeProducts);
  found("cellGradients", cellGradients);
  if (normOfCell) found("cell gain products", shared.normalizedCell);
  found("hiddenGradients", hiddenGradients);
  found("cellTap", cellTap);
  found("gradInitialHidden", gradInitialHidden);
  found("gradInitialCell", gradInitialCell);
  return outcomes;
}

export function cellCases(): ConformanceCase[] {
  return cells.flatMap((cell) =>
    shapes.map((shape) => ({
      name: `cellForward and cellBackward of ${title(cell)}, hidden ${shape.hiddenSize}`,
      run: (stage: Stage, samples: Samples) => run(stage, samples, cell, shape),
    })),
  );
}
