import { expect, test } from "vitest";
import { engine } from "../engine.ts";
import { refuseIdleOptions } from "./idle-options.ts";
import { LanguageModel } from "./language-modelling/language-model.ts";

test("an option that does nothing is refused", () => {
  expect(() => refuseIdleOptions({ momentum: 0.9 })).toThrow(
    "mismatch in momentum: it does nothing with optimizer adam; leave it out, or use optimizer sgd",
  );
  expect(() => refuseIdleOptions({ minimumCount: 2, tokenizer: "byte" })).toThrow("mismatch in minimumCount");
});

test("an option of another cell is refused by the models too, unless it is what it would be anyway", async () => {
  await engine.init({ backend: "reference" });
  const sizes = { vocabularySize: 5, hidden: 4, layers: 1 };
  for (const idle of [{ heads: 7 }, { positions: 3 }, { resetAfter: false }, { nonlinearity: "relu" }] as const) {
    expect(() => new LanguageModel({ ...sizes, cell: "lstm", ...idle })).toThrow(
      `new LSTM: mismatch in ${Object.keys(idle)[0]}: it does nothing with cell lstm; leave it out, or use cell`,
    );
  }
  expect(() => new LanguageModel({ ...sizes, cell: "transformer", heads: 2, resetAfter: false })).toThrow(
    "new Transformer: mismatch in resetAfter: it does nothing with cell transformer",
  );
  expect(new LanguageModel({ ...sizes, cell: "lstm", heads: 4, nonlinearity: "tanh" }).options.cell).toBe("lstm");
});

test("an option that does something is not", () => {
  refuseIdleOptions({ momentum: 0.9, optimizer: "sgd", warmup: 10, schedule: "cosine" });
  refuseIdleOptions({ minimumCount: 2, tokenizer: "word", resetAfter: false, cell: "gru" });
  refuseIdleOptions({});
});
