import { copyDense } from "../autograd/copy.ts";
import { runtime } from "../memory/runtime.ts";
import type { Tensor } from "../memory/tensor.ts";
import { type LayerStack, roomFor, type StateNumbers } from "./step.ts";

/** What stacked layers have in common, whatever their weights. */
export interface StackShape {
  layers: number;
  inputSize: number;
  /** Width of h. */
  hiddenSize: number;
  /** Width of c; 0: there is none. */
  cellSize: number;
  /** Whether the layers above the first add what they read to what they give. */
  residual: boolean;
  /** What a new state starts from; null: zeros. */
  start: (() => StateNumbers) | null;
}

/** Layers on top of one another, one time step at a time. */
export abstract class StackedLayers implements LayerStack {
  readonly layers: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly cellSize: number;
  readonly start: (() => StateNumbers) | null;
  readonly #residual: boolean;
  /** Residual: the sum of the layers so far, [rows, hiddenSize]. */
  #sum: Tensor | null = null;

  constructor({ layers, inputSize, hiddenSize, cellSize, residual, start }: StackShape) {
    this.layers = layers;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.cellSize = cellSize;
    this.start = start;
    this.#residual = residual;
  }

  reserve(rows: number): void {
    if (this.#residual) this.#sum = roomFor(this.#sum, rows, this.hiddenSize);
    this.reserveLayers(rows);
  }

  run(x: number, rows: number, h: number, c: number): number {
    const { bytesPerFloat } = runtime().kernelSet;
    const ofHidden = rows * this.hiddenSize * bytesPerFloat;
    const ofCell = rows * this.cellSize * bytesPerFloat;
    this.beginStep(rows);
    let below = x;
    for (let layer = 0; layer < this.layers; layer++) {
      const own = h + layer * ofHidden;
      this.runLayer(layer, below, rows, own, this.cellSize > 0 ? c + layer * ofCell : 0);
      if (!this.#residual || layer === 0) {
        below = own;
        continue;
      }
      const sum = this.#sum!.offset;
      if (below !== sum) copyDense(sum, below, rows * this.hiddenSize);
      copyDense(sum, own, rows * this.hiddenSize, 1);
      below = sum;
    }
    return below;
  }

  /** Makes room for so many rows. */
  protected abstract reserveLayers(rows: number): void;

  /** Called before the layers of each step. */
  protected beginStep(_rows: number): void {}

  /** Writes one layer's new state over its old one: offsets of x, h and c (0 without one). */
  protected abstract runLayer(layer: number, x: number, rows: number, h: number, c: number): void;
}
