import { expect, test } from "vitest";
import { refuseIdleOptions } from "./idle-options.ts";

test("an option that does nothing is refused", () => {
  expect(() => refuseIdleOptions({ momentum: 0.9 })).toThrow(
    "mismatch in momentum: it does nothing with optimizer adam; leave it out, or use optimizer sgd",
  );
  expect(() => refuseIdleOptions({ minimumCount: 2, tokenizer: "byte" })).toThrow("mismatch in minimumCount");
});

test("an option that does something is not", () => {
  refuseIdleOptions({ momentum: 0.9, optimizer: "sgd", warmup: 10, schedule: "cosine" });
  refuseIdleOptions({ minimumCount: 2, tokenizer: "word", resetAfter: false, cell: "gru" });
  refuseIdleOptions({});
});
