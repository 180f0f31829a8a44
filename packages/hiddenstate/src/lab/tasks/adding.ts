import { engine, Linear, Module, noGrad, Random, randomKey, slice, type Tensor, tensor } from "@hiddenstate/core";
import { mean } from "../../statistics.ts";
import { makeNetwork, type Network, type RecurrentCell } from "../networks.ts";

/** Sequences of the adding problem. */
export interface AddingBatch {
  /** A number in 0 to 1 and a mark of 0 or 1 at each step, [T, B, 2]. */
  x: Float32Array;
  /** The sum of the two marked numbers, [B]. */
  sums: Float32Array;
}

/** The squared error of always answering 1, which is the variance of the sum of two uniform numbers. */
export const addingBaseline: number = 1 / 6;

/**
 * The adding problem: two numbers of a sequence are marked, one in each half, and their sum is wanted at its end.
 *
 * Source: Hochreiter & Schmidhuber 1997, "Long short-term memory", section 5.4; with the marks as in Le, Jaitly & Hinton 2015.
 */
export function addingBatch(steps: number, batch: number, random: Random): AddingBatch {
  const x = new Float32Array(steps * batch * 2);
  const sums = new Float32Array(batch);
  for (let i = 0; i < x.length; i += 2) x[i] = random.uniform();
  const half = steps >> 1;
  for (let row = 0; row < batch; row++) {
    for (const place of [random.integer(half), half + random.integer(steps - half)]) {
      const at = (place * batch + row) * 2;
      x[at + 1] = 1;
      sums[row] += x[at];
    }
  }
  return { x, sums };
}

/** A recurrent network and a linear layer on its last output. */
export class AddingModel extends Module {
  readonly rnn: Network;
  readonly output: Linear;

  constructor(cell: RecurrentCell, hidden: number, init: "default" | "pytorch") {
    super("addingModel", "lab.adding");
    this.rnn = this.part("rnn", makeNetwork(cell, { inputSize: 2, hiddenSize: hidden, init, name: "lab.adding.rnn" }));
    this.output = this.part(
      "output",
      new Linear({ inputSize: hidden, outputSize: 1, init, name: "lab.adding.output" }),
    );
  }

  /** The sum of each row as the model sees it, [1, B, 1]. */
  forward({ x, sums }: AddingBatch): Tensor {
    const batch = sums.length;
    const { output } = this.rnn.forward(tensor(x, [x.length / (2 * batch), batch, 2]));
    return this.output.forward(slice(output, { start: -1 }));
  }
}

/** Mean squared error on fresh sequences. */
export function addingError(model: AddingModel, steps: number, seed: number): number {
  const batch = addingBatch(steps, 128, new Random(randomKey(seed, "lab", "adding.test")));
  const found = engine.scope(() => noGrad(() => model.forward(batch))).dataSync();
  return mean([...batch.sums].map((sum, row) => (sum - found[row]) ** 2));
}
