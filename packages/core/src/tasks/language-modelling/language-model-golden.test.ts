import { beforeAll, describe, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../../test/golden.ts";
import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { Adam } from "../../optim/adam.ts";
import { clipGradNorm } from "../../optim/clip.ts";
import { CarriedState } from "./carried-state.ts";
import { LanguageModel } from "./language-model.ts";

interface ModelFixture {
  tokens: GoldenArray;
  parameters: Record<string, GoldenArray>;
  windows: { loss: number; norm: number }[];
  finalState: Record<string, GoldenArray>;
  finalParameters: Record<string, GoldenArray>;
}

const [window, batch] = [4, 2];

describe.each(everyEngine)("training agrees with PyTorch's trajectory on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test.each(["lstm", "gru"] as const)("%s, truncated BPTT with carried state, clipping and Adam", (cell) => {
    const fixture = loadFixture<ModelFixture>(`model/character-lm${cell === "gru" ? "-gru" : ""}.json`);
    const { forward, gradient } = toleranceHere(fixture.tolerance);
    const [vocabularySize, width] = fixture.parameters["embedding.weight"].shape as [number, number];
    const hidden = fixture.parameters["rnn.weight_hh_l0"].shape[1];
    const model = new LanguageModel({ cell, vocabularySize, hidden, embedding: width, layers: 2, dropout: 0 });
    const parameters = Object.entries(fixture.parameters).map(
      ([name, values]) => [name, goldenTensor(values)] as const,
    );
    model.loadStateDict(new Map(parameters));
    const adam = new Adam(model.parameters(), { lr: 1e-2 });
    const carried = new CarriedState();
    const tokens = Int32Array.from(fixture.tokens.data);

    fixture.windows.forEach((expected, w) => {
      const ids = tensor(tokens.subarray(w * window * batch, (w + 1) * window * batch), [window, batch], {
        dtype: "int32",
      });
      const targets = tokens.subarray((w * window + 1) * batch, ((w + 1) * window + 1) * batch);
      adam.zeroGrad();
      const { logits, state } = model.forward(ids, carried.state);
      carried.keep(state);
      const loss = crossEntropy(logits, targets);
      loss.backward();
      const norm = clipGradNorm(model.parameters(), 0.25);
      adam.step();
      expectClose(loss, [expected.loss], forward, `loss of window ${w}`);
      expectClose(norm, [expected.norm], gradient, `norm of window ${w}`);
    });
    for (const [part, values] of Object.entries(fixture.finalState)) {
      expectClose(carried.tensors().get(part)!, values, gradient, part);
    }
    for (const [name, values] of Object.entries(fixture.finalParameters)) {
      expectClose(model.stateDict().get(name)!, values, gradient, name);
    }
  });
});
