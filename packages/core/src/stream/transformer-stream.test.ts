import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { noGrad } from "../autograd/tape.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { runtime } from "../memory/runtime.ts";
import { tensor } from "../memory/tensor.ts";
import { Transformer } from "../nn/transformer.ts";
import { LanguageModel } from "../tasks/language-modelling/language-model.ts";
import type { StreamState } from "./sequence-stream.ts";

const inputSize = 5;
const shape = { inputSize, hiddenSize: 24, heads: 2, positions: 9, name: "network" };

function inputAt(time: number, row = 0): number[] {
  const random = new Random(randomKey(3, "test", "inputs", 100 * time + row));
  return Array.from({ length: inputSize }, () => random.normal());
}

/** What `forward` gives for the steps from 0 on, step by step. */
function whole(network: Transformer, steps: number, row = 0): number[][] {
  const x = tensor(Array.from({ length: steps }, (_, t) => inputAt(t, row)).flat(), [steps, 1, inputSize]);
  const output = [...noGrad(() => network.forward(x)).output.exactDataSync()].map(Math.fround);
  return Array.from({ length: steps }, (_, t) => output.slice(24 * t, 24 * (t + 1)));
}

describe.each(everyEngine)("a stream of a Transformer on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("has the bits of forward, however far past its positions", () => {
    const network = new Transformer(shape);
    const stream = network.stream();
    const streamed = Array.from({ length: 50 }, (_, t) => [...stream.push(inputAt(t))]);
    expect(streamed).toEqual(whole(network, 50));
    stream.reset();
    expect([...stream.push(inputAt(0))]).toEqual(streamed[0]);
  });

  test("has them with two rows, and goes on elsewhere from its state as JSON", () => {
    const network = new Transformer(shape);
    const both = network.stream({ rows: 2 });
    const expected = [whole(network, 30, 0), whole(network, 30, 1)];
    let stream = both;
    for (let t = 0; t < 30; t++) {
      if (t % 7 === 3) {
        const saved = JSON.parse(JSON.stringify(stream.state())) as StreamState;
        stream = network.stream({ rows: 2 });
        stream.restore(saved);
      }
      const output = [...stream.push([...inputAt(t, 0), ...inputAt(t, 1)])];
      expect(output).toEqual([...expected[0][t], ...expected[1][t]]);
    }
  });

  test("has them in a pool, beside others that are elsewhere in their sequences", () => {
    const network = new Transformer(shape);
    const pool = network.pool({ capacity: 2 });
    const expected = [0, 1, 2, 3].map((row) => whole(network, 40, row));
    const ids = expected.map(() => pool.open());
    const read = ids.map(() => 0);
    for (let push = 0; push < 60; push++) {
      const chosen = [3, 0, 2, 1].filter((i) => (push + i) % (i + 2) !== 0 && read[i] < 40);
      const outputs = pool.push(
        chosen.map((i) => ids[i]),
        chosen.flatMap((i) => inputAt(read[i], i)),
      );
      expect([...outputs]).toEqual(chosen.flatMap((i) => expected[i][read[i]]));
      for (const i of chosen) read[i]++;
    }
    const moved = pool.open(pool.state(ids[0]));
    pool.close(ids[1]);
    expect(pool.size).toBe(4);
    const [again, first] = [inputAt(99), inputAt(99)];
    const [a, b] = [[...pool.push([moved], again)], [...pool.push([ids[0]], first)]];
    expect(a).toEqual(b);
  });
});

describe("streams of Transformers", () => {
  beforeAll(() => engine.init());

  test("allocate nothing once they have read as many steps as a step can see", () => {
    const stream = new Transformer(shape).stream();
    for (let t = 0; t < 20; t++) stream.push(inputAt(t));
    const { bytesInUse } = runtime().heap;
    for (let t = 0; t < 100; t++) stream.push(inputAt(t));
    expect(runtime().heap.bytesInUse).toBe(bytesInUse);
  });

  test("have a state that grows with what was read, up to the positions", () => {
    const stream = new Transformer(shape).stream();
    const sizes = Array.from({ length: 12 }, (_, t) => {
      stream.push(inputAt(t));
      return stream.state().h.length;
    });
    const ofStep = 2 * 2 * 24;
    expect(sizes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8].map((steps) => steps * ofStep));
  });

  test("of a language model have its logits", () => {
    const model = new LanguageModel({ vocabularySize: 7, cell: "transformer", hidden: 16, heads: 2, positions: 5 });
    model.eval();
    const ids = [0, 3, 6, 2, 2, 5, 1, 0, 4];
    const { logits } = noGrad(() => model.forward(tensor(ids, [ids.length, 1], { dtype: "int32" })));
    const stream = model.stream();
    const pool = model.pool();
    const id = pool.open();
    expect(ids.flatMap((token) => [...stream.push([token])])).toEqual([...logits.dataSync()]);
    expect(ids.flatMap((token) => [...pool.push([id], [token])])).toEqual([...logits.dataSync()]);
    expect(() => stream.push([7])).toThrow("invalid token: got 7");
  });

  test("refuse what is not theirs", () => {
    const network = new Transformer(shape);
    const stream = network.stream();
    stream.push(inputAt(0));
    expect(() => stream.push([1])).toThrow("transformer.stream.push: mismatch in x");
    expect(() => stream.restore({ h: [0, 0] })).toThrow("mismatch in state.positions");
    expect(() => stream.restore({ h: [0, 0], positions: [1] })).toThrow("mismatch in state.h");
    expect(() => stream.restore({ h: [], positions: [-1] })).toThrow("invalid state.positions");
    expect(() => network.stream({ weights: "int8" })).toThrow("unsupported weights int8");
    expect(() => new Transformer({ ...shape, causal: false }).stream()).toThrow("transformer.stream: unsupported");
    const pool = network.pool();
    const id = pool.open();
    expect(() => pool.push([id, id], [...inputAt(0), ...inputAt(1)])).toThrow("got 0 twice");
    expect(() => pool.push([5], inputAt(0))).toThrow("invalid id: got 5");
  });
});
