import { GRU, LSTM, type RecurrentOptions, RNN, type Tensor } from "@hiddenstate/core";

/** A recurrent network of any cell. */
export type Network = RNN | LSTM | GRU;

export type RecurrentCell = "rnn" | "lstm" | "gru";

/** Makes a network of one cell; its name keys its random start, whatever was made before. */
export function makeNetwork(cell: RecurrentCell, options: RecurrentOptions & { name: string }): Network {
  switch (cell) {
    case "rnn":
      return new RNN(options);
    case "lstm":
      return new LSTM(options);
    case "gru":
      return new GRU(options);
  }
}

/**
 * Makes an LSTM keep or forget what it holds at the start.
 *
 * @param biases its `bias_ih`, [4H] with the gates i, f, g, o
 * @param value what the forget gates' become
 */
export function setForgetBias(biases: Tensor, value: number): void {
  const hidden = biases.size / 4;
  biases.assign(biases.dataSync().map((before, i) => (Math.floor(i / hidden) === 1 ? value : before)));
}
