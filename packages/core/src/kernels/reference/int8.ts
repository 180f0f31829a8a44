import type { KernelArguments } from "../kernels.ts";
import { sigmoid } from "./elementwise.ts";
import { flush, smallestKept } from "./flush.ts";
import type { ReferenceHeap } from "./heap.ts";

// The reference's panels of 8 bits are the rounded weight itself, a byte each, and its scales the outputs' in their order.

/** How many 16-bit values share a scale: so many products of 8 and 16 bits fit into 32. */
const block = 512;

interface Rounded {
  values: Int32Array;
  scale: number;
}

/** Whole numbers up to `limit` and their scale: in float32, so that every kernel set rounds alike. */
function round(f: ArrayLike<number>, first: number, count: number, limit: number): Rounded {
  const values = new Int32Array(count);
  let largest = 0;
  for (let k = 0; k < count; k++) {
    const magnitude = Math.abs(Math.fround(f[first + k]));
    if (!Number.isFinite(magnitude)) return { values, scale: NaN };
    largest = Math.max(largest, magnitude);
  }
  if (largest < smallestKept) return { values, scale: 0 };
  const inverse = Math.fround(limit / largest);
  // Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even.
  const shifter = 1.5 * 2 ** 23;
  for (let k = 0; k < count; k++) {
    values[k] = Math.fround(Math.fround(Math.fround(f[first + k]) * inverse) + shifter) - shifter;
  }
  return { values, scale: Math.fround(largest / limit) };
}

const bytesOf = (heap: ReferenceHeap): Int8Array => new Int8Array(heap.ints.buffer);

function packOutputs(heap: ReferenceHeap, out: number, scales: number, x: number, rows: number, width: number): void {
  const bytes = bytesOf(heap);
  for (let row = 0; row < rows; row++) {
    const { values, scale } = round(heap.floats, heap.at(x) + row * width, width, 127);
    bytes.set(values, out + row * width);
    heap.floats[heap.at(scales) + row] = scale;
  }
}

export function packInt8(heap: ReferenceHeap, args: KernelArguments<"packInt8">): void {
  packOutputs(heap, args.panels, args.scales, args.weight, args.gates * args.hiddenSize, args.inputs);
}

export function packRowsInt8(heap: ReferenceHeap, args: KernelArguments<"packRowsInt8">): void {
  packOutputs(heap, args.out, args.scales, args.x, args.rows, args.width);
}

export function gatherRowsInt8(heap: ReferenceHeap, args: KernelArguments<"gatherRowsInt8">): void {
  const bytes = bytesOf(heap);
  for (let i = 0; i < args.rows; i++) {
    const index = heap.ints[heap.intAt(args.index) + i];
    const scale = heap.floats[heap.at(args.scales) + index];
    for (let j = 0; j < args.width; j++) {
      heap.floats[heap.at(args.out) + i * args.width + j] = scale * bytes[args.x + index * args.width + j];
    }
  }
}

/** sums[j] += x W^T for outputs first .. first + sums.length - 1 of a packed weight [.., width]. */
function addProduct(
  sums: Float64Array,
  heap: ReferenceHeap,
  { x, panels, scales, first, width }: { x: number; panels: number; scales: number; first: number; width: number },
): void {
  const bytes = bytesOf(heap);
  for (let start = 0; start < width; start += block) {
    const { values, scale } = round(heap.floats, heap.at(x) + start, Math.min(block, width - start), 32767);
    for (let j = 0; j < sums.length; j++) {
      const weight = panels + (first + j) * width + start;
      let sum = 0;
      for (let k = 0; k < values.length; k++) sum += values[k] * bytes[weight + k];
      sums[j] += sum * scale * heap.floats[heap.at(scales) + first + j];
    }
  }
}

export function gemmInt8(heap: ReferenceHeap, args: KernelArguments<"gemmInt8">): void {
  const { panels, scales, n, k } = args;
  const bytesPerFloat = heap.bytesPerFloat;
  for (let i = 0; i < args.m; i++) {
    const sums = Float64Array.from({ length: n }, (_, j) => (args.bias ? heap.floats[heap.at(args.bias) + j] : 0));
    addProduct(sums, heap, { x: args.a + i * args.aStride * bytesPerFloat, panels, scales, first: 0, width: k });
    heap.floats.set(sums, heap.at(args.c) + i * args.cStride);
  }
}

/** What one time step of any cell has. */
type Step = Omit<KernelArguments<"rnnStepInt8">, "relu" | "gates">;

/** Offsets of row b's x and hidden. */
function rowOf(heap: ReferenceHeap, args: Step, b: number): { x: number; hidden: number } {
  const { bytesPerFloat } = heap;
  return {
    x: args.x + b * args.inputSize * bytesPerFloat,
    hidden: args.hidden + b * args.hiddenSize * bytesPerFloat,
  };
}

function biasOf(heap: ReferenceHeap, offset: number, count: number): Float64Array {
  const at = heap.at(offset);
  return offset ? Float64Array.from(heap.floats.subarray(at, at + count)) : new Float64Array(count);
}

/** The two halves of the pre-activations [G*H] of row b: bias + x W_ih^T, and h W_hh^T. */
function preActivations(
  heap: ReferenceHeap,
  args: Step,
  b: number,
  gates: number,
): { fromInput: Float64Array; fromHidden: Float64Array } {
  const count = gates * args.hiddenSize;
  const { x, hidden } = rowOf(heap, args, b);
  const fromInput = biasOf(heap, args.bias, count);
  const fromHidden = new Float64Array(count);
  const { inputPanels, inputScales, hiddenPanels, hiddenScales, inputSize, hiddenSize } = args;
  addProduct(fromInput, heap, { x, panels: inputPanels, scales: inputScales, first: 0, width: inputSize });
  addProduct(fromHidden, heap, {
    x: hidden,
    panels: hiddenPanels,
    scales: hiddenScales,
    first: 0,
    width: hiddenSize,
  });
  return { fromInput, fromHidden };
}

export function rnnStepInt8(heap: ReferenceHeap, args: KernelArguments<"rnnStepInt8">): void {
  const { hiddenSize: H } = args;
  for (let b = 0; b < args.rows; b++) {
    const { fromInput, fromHidden } = preActivations(heap, args, b, 1);
    for (let j = 0; j < H; j++) {
      const sum = fromInput[j] + fromHidden[j];
      heap.floats[heap.at(args.hidden) + b * H + j] = flush(args.relu ? (sum <= 0 ? 0 : sum) : Math.tanh(sum));
    }
  }
}

export function lstmStepInt8(heap: ReferenceHeap, args: KernelArguments<"lstmStepInt8">): void {
  const { hiddenSize: H } = args;
  const f = heap.floats;
  for (let b = 0; b < args.rows; b++) {
    const hidden = heap.at(args.hidden) + b * H;
    const cell = heap.at(args.cell) + b * H;
    const { fromInput, fromHidden } = preActivations(heap, args, b, 4);
    const sum = fromInput.map((value, j) => value + fromHidden[j]);
    for (let j = 0; j < H; j++) {
      const content = Math.tanh(sum[2 * H + j]);
      f[cell + j] = flush(sigmoid(sum[H + j]) * f[cell + j] + sigmoid(sum[j]) * content);
      f[hidden + j] = flush(sigmoid(sum[3 * H + j]) * Math.tanh(f[cell + j]));
    }
  }
}

export function gruStepInt8(heap: ReferenceHeap, args: KernelArguments<"gruStepInt8">): void {
  const { hiddenSize: H, hiddenPanels: panels, hiddenScales: scales } = args;
  const f = heap.floats;
  for (let b = 0; b < args.rows; b++) {
    const hidden = heap.at(args.hidden) + b * H;
    const { fromInput, fromHidden } = preActivations(heap, args, b, 3);
    const reset = Float64Array.from({ length: H }, (_, j) => sigmoid(fromInput[j] + fromHidden[j]));
    let candidate = biasOf(heap, args.hiddenBias, H).map((bias, j) => reset[j] * (bias + fromHidden[2 * H + j]));
    if (!args.resetAfter) {
      for (let j = 0; j < H; j++) f[heap.at(args.candidate) + j] = reset[j] * f[hidden + j];
      candidate = new Float64Array(H);
      addProduct(candidate, heap, { x: args.candidate, panels, scales, first: 2 * H, width: H });
    }
    for (let j = 0; j < H; j++) {
      const z = sigmoid(fromInput[H + j] + fromHidden[H + j]);
      const n = Math.tanh(fromInput[2 * H + j] + candidate[j]);
      f[hidden + j] = flush((1 - z) * n + z * f[hidden + j]);
    }
  }
}
