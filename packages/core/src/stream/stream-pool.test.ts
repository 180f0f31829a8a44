import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { everyCell } from "../../test/networks.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { runtime } from "../memory/runtime.ts";
import { GRU } from "../nn/gru.ts";
import { LSTM } from "../nn/lstm.ts";
import { LanguageModel } from "../tasks/language-modelling/language-model.ts";
import type { StreamState } from "./sequence-stream.ts";

const inputSize = 3;
const hiddenSize = 11;
const shape = { inputSize, hiddenSize, layers: 2, name: "network" };

/** The input of one stream at one time. */
function inputOf(stream: number, time: number): number[] {
  const random = new Random(randomKey(stream, "test", "inputs", time));
  return Array.from({ length: inputSize }, () => random.normal());
}

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));

  test.each(everyCell)("any streams of $kind advanced together have the bits of each alone", ({ make }) => {
    const network = make(shape);
    const pool = network.pool({ capacity: 2 });
    const count = 9;
    const alone = Array.from({ length: count }, () => network.stream());
    const ids = alone.map(() => pool.open());
    const random = new Random(randomKey(1, "test", "subsets"));
    for (let time = 0; time < 12; time++) {
      const chosen = random.shuffled([...alone.keys()]).slice(0, 1 + random.integer(count));
      const outputs = pool.push(
        chosen.map((stream) => ids[stream]),
        chosen.flatMap((stream) => inputOf(stream, time)),
      );
      const expected = chosen.flatMap((stream) => [...alone[stream].push(inputOf(stream, time))]);
      expect([...outputs]).toEqual(expected);
    }
    expect(ids.map((id) => pool.state(id))).toEqual(alone.map((stream) => stream.state()));
  });

  test("texts of a language model advanced together have the bits of each alone", () => {
    const model = new LanguageModel({ vocabularySize: 7, hidden: hiddenSize, embedding: 5, name: "model" });
    const pool = model.pool();
    const streams = [0, 1, 2].map(() => ({ id: pool.open(), alone: model.stream() }));
    for (const tokens of [
      [0, 5, 6],
      [3, 3],
      [1, 2, 4],
    ]) {
      const advanced = streams.slice(0, tokens.length);
      const logits = pool.push(
        advanced.map(({ id }) => id),
        tokens,
      );
      expect([...logits]).toEqual(advanced.flatMap(({ alone }, i) => [...alone.push([tokens[i]])]));
    }
  });
});

describe("a pool", () => {
  beforeAll(() => engine.init());

  test("keeps, restores and resets each stream by itself", () => {
    const network = new LSTM(shape);
    const pool = network.pool();
    const [a, b] = [pool.open(), pool.open()];
    pool.push([a, b], [...inputOf(0, 0), ...inputOf(1, 0)]);
    const saved = JSON.parse(JSON.stringify(pool.state(a))) as StreamState;
    const expected = [...pool.push([a], inputOf(0, 1))];
    pool.restore(a, saved);
    expect([...pool.push([a], inputOf(0, 1))]).toEqual(expected);
    const beside = pool.state(b);
    pool.reset(a);
    expect(pool.state(a).h.every((value) => value === 0)).toBe(true);
    expect(pool.state(b)).toEqual(beside);
    const c = pool.open(saved);
    expect([...pool.push([c], inputOf(0, 1))]).toEqual(expected);
    const alone = network.stream();
    alone.restore(saved);
    expect([...alone.push(inputOf(0, 1))]).toEqual(expected);
  });

  test("opens and closes streams, and gives ids out again with a state of 0", () => {
    const pool = new GRU(shape).pool({ capacity: 1 });
    const ids = Array.from({ length: 50 }, () => pool.open());
    expect(new Set(ids).size).toBe(50);
    expect(pool.size).toBe(50);
    pool.push(
      ids,
      ids.flatMap((id) => inputOf(id, 0)),
    );
    pool.close(ids[7]);
    expect(pool.size).toBe(49);
    expect(() => pool.push([ids[7]], inputOf(0, 0))).toThrow(
      "gru.pool.push: invalid id: got 7, expected the id of an open stream, from open()",
    );
    expect(() => pool.close(ids[7])).toThrow("gru.pool.close: invalid id: got 7");
    const again = pool.open();
    expect(again).toBe(ids[7]);
    expect(pool.state(again).h.every((value) => value === 0)).toBe(true);
  });

  test("allocates nothing while its streams do not become more", () => {
    const pool = new LSTM(shape).pool({ capacity: 8 });
    const ids = Array.from({ length: 8 }, () => pool.open());
    const inputs = new Float32Array(8 * inputSize).fill(0.5);
    pool.push(ids, inputs);
    const { allocations, bytesInUse } = runtime().heap;
    for (let i = 0; i < 100; i++) {
      const count = 1 + (i % 8);
      pool.push(ids.slice(0, count), inputs.subarray(0, count * inputSize));
      pool.close(ids[i % 8]);
      pool.open();
    }
    expect(runtime().heap).toMatchObject({ allocations, bytesInUse });
  });

  test("writes where it is told, and gives its own array else", () => {
    const pool = new LSTM(shape).pool();
    const ids = [pool.open(), pool.open()];
    const inputs = ids.flatMap((id) => inputOf(id, 0));
    const out = new Float32Array(2 * hiddenSize);
    expect(pool.push(ids, inputs, out)).toBe(out);
    const own = pool.push(ids, inputs);
    expect(own).toHaveLength(2 * hiddenSize);
    expect(pool.push(ids, inputs)).toBe(own);
    expect(pool.push([], [])).toHaveLength(0);
  });

  test("refuses a stream twice, and what does not fit, and then advances nothing", () => {
    const model = new LanguageModel({ vocabularySize: 7, hidden: hiddenSize, name: "model" });
    const pool = model.pool();
    const [a, b] = [pool.open(), pool.open()];
    pool.push([a, b], [1, 2]);
    const before = [pool.state(a), pool.state(b)];
    expect(() => pool.push([a, a], [1, 2])).toThrow(`languageModel.pool.push: invalid ids: got ${a} twice`);
    expect(() => pool.push([a, b], [1])).toThrow(
      "languageModel.pool.push: mismatch in inputs: got 1 numbers, expected 2 (2 streams x 1)",
    );
    expect(() => pool.push([a, b], [1, 2], new Float32Array(3))).toThrow("languageModel.pool.push: mismatch in out");
    for (const token of [7, -1, 0.5, NaN]) {
      expect(() => pool.push([a, b], [1, token])).toThrow(
        `languageModel.pool.push: invalid token: got ${token}, expected a whole number from 0 to 6 (vocabularySize 7)`,
      );
    }
    expect(() => pool.push([99], [1])).toThrow("invalid id: got 99");
    expect(() => pool.restore(a, { h: [1] })).toThrow("languageModel.pool.restore: mismatch in state.h");
    expect([pool.state(a), pool.state(b)]).toEqual(before);
    pool.push([a, b], [1, 2]);
  });
});
