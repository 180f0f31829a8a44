import {
  Embedding,
  engine,
  Linear,
  Module,
  noGrad,
  Random,
  randomKey,
  slice,
  type Tensor,
  tensor,
} from "@hiddenstate/core";
import { makeNetwork, type Network, type RecurrentCell } from "../networks.ts";

/** Different symbols to remember, and as many others that only distract. */
export const recallSymbols = 8;

/** Sequences of delayed recall. */
export interface RecallBatch {
  /** Token ids [T, B] with T = lag + 1. */
  ids: Int32Array;
  /** The symbol to remember of each row, [B]. */
  answers: Int32Array;
  /** The step at which it stands, [B]. */
  places: Int32Array;
}

/**
 * Delayed recall: among `lag` tokens that say nothing is one of 8 other symbols, which must be named after the last token. Chance is 1/8.
 *
 * @param place where the symbol stands: `"first"`, so that it must be kept for all of the lag, or anywhere
 *
 * Source: after the tasks of Hochreiter & Schmidhuber 1997, "Long short-term memory", sections 5.2 and 5.4.
 */
export function recallBatch(lag: number, batch: number, random: Random, place: "first" | "anywhere"): RecallBatch {
  const ids = Int32Array.from({ length: (lag + 1) * batch }, () => recallSymbols + random.integer(recallSymbols));
  const answers = Int32Array.from({ length: batch }, () => random.integer(recallSymbols));
  const places = Int32Array.from(answers, () => (place === "first" ? 0 : random.integer(lag + 1)));
  for (let row = 0; row < batch; row++) ids[places[row] * batch + row] = answers[row];
  return { ids, answers, places };
}

/** A vector for each token, a recurrent network, and a linear layer on its last output. */
export class RecallModel extends Module {
  readonly embedding: Embedding;
  readonly rnn: Network;
  readonly output: Linear;

  constructor(cell: RecurrentCell, hidden: number, init: "default" | "pytorch" = "default") {
    super("recallModel", "lab.recall");
    const vocabularySize = 2 * recallSymbols;
    this.embedding = this.part(
      "embedding",
      new Embedding({ vocabularySize, embeddingSize: vocabularySize, name: "lab.recall.embedding" }),
    );
    const sizes = { inputSize: vocabularySize, hiddenSize: hidden, init, name: "lab.recall.rnn" };
    this.rnn = this.part("rnn", makeNetwork(cell, sizes));
    this.output = this.part(
      "output",
      new Linear({ inputSize: hidden, outputSize: recallSymbols, init, name: "lab.recall.output" }),
    );
  }

  /** Scores of the symbols after the last token, [1, B, 8]. */
  forward({ ids, answers }: RecallBatch): Tensor {
    const batch = answers.length;
    const x = this.embedding.forward(tensor(ids, [ids.length / batch, batch], { dtype: "int32" }));
    return this.output.forward(slice(this.rnn.forward(x).output, { start: -1 }));
  }
}

/** The share of fresh sequences whose symbol is named although it came first, 0 to 1. */
export function recallAccuracy(
  forward: (batch: RecallBatch) => Tensor,
  lag: number,
  seed: number,
  sequences = 128,
): number {
  const batch = recallBatch(lag, sequences, new Random(randomKey(seed, "lab", "recall.test")), "first");
  const logits = engine.scope(() => noGrad(() => forward(batch))).dataSync();
  return shareRight(logits, batch.answers);
}

/** The share of rows of logits whose largest is the target's. */
function shareRight(logits: ArrayLike<number>, targets: ArrayLike<number>): number {
  const classes = logits.length / targets.length;
  let right = 0;
  for (let row = 0; row < targets.length; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[row * classes + k] > logits[row * classes + best]) best = k;
    if (best === targets[row]) right++;
  }
  return right / targets.length;
}
