import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { buildTokenizer } from "../../data/make-tokenizer.ts";
import { engine } from "../../engine.ts";
import { runtime } from "../../memory/runtime.ts";
import { tensor } from "../../memory/tensor.ts";
import { LanguageModel } from "./language-model.ts";
import { TextStream, type TextStreamState } from "./text-stream.ts";

const text = "the quick brown fox jumps over the lazy dog.";
const tokenizer = buildTokenizer("character", text);

function model(cell: "lstm" | "gru" | "rnn" = "lstm"): LanguageModel {
  const options = { cell, hidden: 12, embedding: 5, name: "model" };
  return new LanguageModel({ ...options, vocabularySize: tokenizer.size });
}

describe.each(everyEngine)("a text stream on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test.each(["lstm", "gru", "rnn"] as const)("of an %s gives the bits of the whole text", (cell) => {
    const whole = model(cell).eval();
    const stream = new TextStream(whole, tokenizer, 0);
    const ids = tokenizer.encode(text);
    const { logits } = whole.forward(tensor(ids, [ids.length, 1], { dtype: "int32" }));
    const expected = logits.dataSync();
    ids.forEach((id, i) => {
      stream.pushToken(id);
      expect([...stream.logits!]).toEqual([...expected.subarray(i * tokenizer.size, (i + 1) * tokenizer.size)]);
    });
  });
});

describe("a text stream", () => {
  beforeAll(() => engine.init());

  test("allocates nothing after its first token", () => {
    const stream = new TextStream(model(), tokenizer, 0);
    stream.push("t");
    const { bytesInUse, allocations } = runtime().heap;
    stream.push(text.repeat(10));
    for (let i = 0; i < 20; i++) stream.draw({ temperature: 0.5 });
    expect(runtime().heap).toMatchObject({ bytesInUse, allocations });
  });

  test("goes on from its state as if it had never stopped", () => {
    const whole = model();
    const stream = new TextStream(whole, tokenizer, 7);
    stream.push("the quick");
    for (let i = 0; i < 5; i++) stream.draw();
    const saved = JSON.parse(JSON.stringify(stream.state())) as TextStreamState;
    const resumed = TextStream.resume(whole, tokenizer, saved);
    const draw = (from: TextStream): number[] => Array.from({ length: 30 }, () => from.draw());
    expect(draw(resumed)).toEqual(draw(stream));
    expect(resumed.state()).toEqual(stream.state());
  });

  test("starts anywhere, but cannot draw from nothing", () => {
    const stream = new TextStream(model(), tokenizer, 0);
    expect(stream.logits).toBeNull();
    expect(() => stream.draw()).toThrow("stream.draw: missing start; push at least one token before drawing the next");
    stream.push("");
    expect(stream.state().logits).toBeNull();
  });

  test("refuses a token that is none and a state of another model", () => {
    const stream = new TextStream(model(), tokenizer, 0);
    expect(() => stream.pushToken(tokenizer.size)).toThrow(`invalid token: got ${tokenizer.size}`);
    expect(() => TextStream.resume(model("gru"), tokenizer, stream.state())).toThrow("mismatch in state.c");
    const other = { ...stream.state(), logits: [1, 2] };
    expect(() => TextStream.resume(model(), tokenizer, other)).toThrow(
      "stream: mismatch in state.logits: got 2 numbers",
    );
  });
});
