import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../test/golden.ts";
import { add } from "../autograd/ops/binary.ts";
import { mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { engine } from "../engine.ts";
import type { Tensor } from "../memory/tensor.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import type { RecurrentOptions, RecurrentState } from "./recurrent-options.ts";
import type { RecurrentNetwork } from "./recurrent.ts";
import { RNN } from "./rnn.ts";

interface RecurrentFixture {
  cell: "rnn" | "lstm" | "gru";
  options: RecurrentOptions;
  lengths: number[] | null;
  parameters: Record<string, GoldenArray>;
  input: GoldenArray;
  initialState: Record<"h" | "c", GoldenArray> | null;
  output: GoldenArray;
  finalState: Record<string, GoldenArray>;
  upstream: Record<string, GoldenArray>;
  gradients: Record<string, GoldenArray>;
}

const classes = { rnn: RNN, lstm: LSTM, gru: GRU };
const names = readdirSync(fileURLToPath(new URL("../../../../fixtures/recurrent", import.meta.url)));

describe.each(everyEngine)("recurrent networks agree with PyTorch on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("there are fixtures", () => expect(names.length).toBeGreaterThan(40));

  test.each(names)("%s", (name) => {
    const fixture = loadFixture<RecurrentFixture>(`recurrent/${name}`);
    const tolerance = toleranceHere(fixture.tolerance);
    const network: RecurrentNetwork<RecurrentState> = new classes[fixture.cell](fixture.options);
    network.loadStateDict(tensorsOf(fixture.parameters));
    const x = goldenTensor(fixture.input, { requiresGrad: true });
    const initial = fixture.initialState && tensorsOf(fixture.initialState, true);

    const { output, state } = network.forward(x, {
      state: (initial as RecurrentState | null) ?? undefined,
      lengths: fixture.lengths ?? undefined,
    });
    const results: Record<string, Tensor> = { output, ...state };
    for (const [part, expected] of Object.entries({ output: fixture.output, ...fixture.finalState })) {
      expectClose(results[part], expected, tolerance.forward, part);
    }

    let loss: Tensor | null = null;
    for (const [part, weights] of Object.entries(fixture.upstream)) {
      const share = sum(mul(results[part], goldenTensor(weights)));
      loss = loss ? add(loss, share) : share;
    }
    loss!.backward();
    const sources: Record<string, Tensor> = { input: x, ...Object.fromEntries(network.stateDict()) };
    if (initial) for (const [part, values] of Object.entries(initial)) sources[`${part}0`] = values;
    expect(Object.keys(fixture.gradients).toSorted()).toEqual(Object.keys(sources).toSorted());
    for (const [source, expected] of Object.entries(fixture.gradients)) {
      expectClose(sources[source].grad, expected, tolerance.gradient, `gradient of ${source}`);
    }
  });
});

function tensorsOf(arrays: Record<string, GoldenArray>, requiresGrad = false): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, goldenTensor(array, { requiresGrad })]),
  );
}
