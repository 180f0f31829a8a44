import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { engine } from "../../engine.ts";
import { Random, randomKey } from "../../memory/random.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import { GRU } from "../../nn/gru.ts";
import { LSTM } from "../../nn/lstm.ts";
import { MinGRU } from "../../nn/min-gru.ts";
import { MinLSTM } from "../../nn/min-lstm.ts";
import type { RecurrentOptions, RecurrentState } from "../../nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../../nn/recurrent.ts";
import { RNN } from "../../nn/rnn.ts";
import { noGrad } from "../tape.ts";

const networks: Record<string, (options: RecurrentOptions) => RecurrentNetwork<RecurrentState>> = {
  rnn: (options) => new RNN(options),
  lstm: (options) => new LSTM(options),
  gru: (options) => new GRU(options),
  "gru, reset before": (options) => new GRU({ ...options, resetAfter: false }),
  mingru: (options) => new MinGRU(options),
  minlstm: (options) => new MinLSTM(options),
  "gru with options": (options) => new GRU({ ...options, layerNorm: true, recurrentDropout: 0.3 }),
  "lstm with options": (options) => {
    const inside = { layerNorm: true, projection: 20, peepholes: true, coupledGates: true };
    return new LSTM({ ...options, ...inside, recurrentDropout: 0.3, variational: true });
  },
};

/** So many rows that they make several chunks on every engine: a megabyte of gates is at most 8192 rows. */
const lengths = [1700, 2800, 0, 2799, 1400];
const steps = 2800;
const sizes = { inputSize: 2, hiddenSize: 24 };

function randomTensor(shape: number[], path: string): Tensor {
  const random = new Random(randomKey(1, "test", path));
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: count }, () => random.normal()),
    shape,
  );
}

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test.each(Object.keys(networks))("%s: what goes on no tape has the same bits, in both directions", (kind) => {
    const network = networks[kind]({ ...sizes, bidirectional: true, name: "network" });
    const x = randomTensor([steps, lengths.length, sizes.inputSize], "x");
    const state: RecurrentState = { h: randomTensor([2, lengths.length, network.outputSize / 2], "h") };
    if (kind.startsWith("lstm")) state.c = randomTensor([2, lengths.length, sizes.hiddenSize], "c");
    // The same masks for both.
    const draws = network.drawCounts();
    const whole = network.forward(x, { lengths, state });
    network.restoreDrawCounts(draws);
    const passing = noGrad(() => network.forward(x, { lengths, state }));
    expect(whole.output.requiresGrad).toBe(true);
    expect(passing.output.requiresGrad).toBe(false);
    expect(Buffer.compare(bytes(passing.output), bytes(whole.output))).toBe(0);
    expect(passing.state.h.exactDataSync()).toEqual(whole.state.h.exactDataSync());
    expect(passing.state.c?.exactDataSync()).toEqual(whole.state.c?.exactDataSync());
  });
});

test.each([false, true])(
  "the gates of a long sequence are not kept where there is no way back, layerNorm %s",
  async (layerNorm) => {
    await engine.init({ backend: "wasm", threads: 1 });
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 64, layerNorm });
    const x = randomTensor([8000, 1, 1], "x");
    const before = engine.info().peakBytes;
    const { output } = noGrad(() => lstm.forward(x));
    const gates = 8000 * 4 * 64 * 4;
    expect(engine.info().peakBytes - before).toBeLessThan(4 * output.size + gates / 2);
  },
);

function bytes(values: Tensor): Buffer {
  const { buffer, byteOffset, byteLength } = values.exactDataSync();
  return Buffer.from(buffer, byteOffset, byteLength);
}
