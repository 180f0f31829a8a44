import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../test/golden.ts";
import { mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { engine } from "../engine.ts";
import { Transformer, type TransformerOptions } from "./transformer.ts";

interface TransformerFixture {
  options: TransformerOptions;
  lengths: number[] | null;
  parameters: Record<string, GoldenArray>;
  input: GoldenArray;
  output: GoldenArray;
  upstream: { output: GoldenArray };
  gradients: Record<string, GoldenArray>;
}

const names = readdirSync(fileURLToPath(new URL("../../../../fixtures/transformer", import.meta.url)));

describe.each(everyEngine)("Transformers agree with PyTorch on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("there are fixtures", () => expect(names.length).toBe(4));

  test.each(names)("%s", (name) => {
    const fixture = loadFixture<TransformerFixture>(`transformer/${name}`);
    const tolerance = toleranceHere(fixture.tolerance);
    const network = new Transformer(fixture.options);
    network.loadStateDict(
      Object.fromEntries(Object.entries(fixture.parameters).map(([key, array]) => [key, goldenTensor(array)])),
    );
    const x = goldenTensor(fixture.input, { requiresGrad: true });
    const { output } = network.forward(x, { lengths: fixture.lengths ?? undefined });
    expectClose(output, fixture.output, tolerance.forward, "output");

    sum(mul(output, goldenTensor(fixture.upstream.output))).backward();
    const sources = { input: x, ...Object.fromEntries(network.stateDict()) };
    expect(Object.keys(fixture.gradients).toSorted()).toEqual(Object.keys(sources).toSorted());
    for (const [source, expected] of Object.entries(fixture.gradients)) {
      expectClose(sources[source as "input"].grad, expected, tolerance.gradient, `gradient of ${source}`);
    }
  });
});
