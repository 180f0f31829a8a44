import { Embedding, Linear, Module, type Tensor, tensor } from "@hiddenstate/core";
import { makeNetwork, type Network, type RecurrentCell } from "../networks.ts";

export interface LabellerOptions {
  cell: RecurrentCell;
  hidden: number;
  bidirectional?: boolean;
  /** Different tokens that come in, and labels that come out. */
  tokens: number;
  labels: number;
}

/** A label for each token: a vector for the token, a recurrent network and a linear layer. */
export class Labeller extends Module {
  readonly embedding: Embedding;
  readonly rnn: Network;
  readonly output: Linear;

  constructor({ cell, hidden, bidirectional = false, tokens, labels }: LabellerOptions) {
    super("labeller", "lab.labeller");
    this.embedding = this.part(
      "embedding",
      new Embedding({ vocabularySize: tokens, embeddingSize: tokens, name: "lab.labeller.embedding" }),
    );
    const sizes = { inputSize: tokens, hiddenSize: hidden, bidirectional, name: "lab.labeller.rnn" };
    this.rnn = this.part("rnn", makeNetwork(cell, sizes));
    const width = bidirectional ? 2 * hidden : hidden;
    this.output = this.part(
      "output",
      new Linear({ inputSize: width, outputSize: labels, name: "lab.labeller.output" }),
    );
  }

  /**
   * @param ids [T, B]
   * @returns scores of the labels [T, B, K], those of no label in the padding
   */
  forward(ids: Int32Array, batch: number, lengths?: readonly number[]): Tensor {
    const x = this.embedding.forward(tensor(ids, [ids.length / batch, batch], { dtype: "int32" }));
    return this.output.forward(this.rnn.forward(x, { lengths }).output);
  }
}

/** The best label of each row of scores. */
export function bestLabels(scores: ArrayLike<number>, labels: number): Int32Array {
  return Int32Array.from({ length: scores.length / labels }, (_, row) => {
    let best = 0;
    for (let k = 1; k < labels; k++) if (scores[row * labels + k] > scores[row * labels + best]) best = k;
    return best;
  });
}
