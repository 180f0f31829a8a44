import { describe, expect, test } from "vitest";
import { qualityOf } from "./quality.ts";

const pair = (
  exactMatch: number,
  bleu: number,
  tokenAccuracy: number,
  loss = 1,
): { loss: number; metrics: Record<string, number> } => ({ loss, metrics: { exactMatch, bleu, tokenAccuracy } });

describe("the quality of runs", () => {
  test("is the first measure that their task has", () => {
    const { quality, valueOf } = qualityOf("seq2seq", [pair(0, 2, 0.3), pair(0.1, 4, 0.4)]);
    expect(quality).toEqual({ name: "held-out exact match", unit: "", better: "higher", zero: [] });
    expect(valueOf(pair(0.1, 4, 0.4))).toBe(0.1);
    const tags = [{ loss: 1, metrics: { accuracy: 0.9, f1: 0.4 } }];
    expect(qualityOf("tag", tags).quality.name).toBe("held-out F1");
    expect(qualityOf("lm", [{ loss: 1, metrics: {} }]).quality).toEqual({
      name: "held-out loss",
      unit: "nats per token",
      better: "lower",
      zero: [],
    });
  });

  test("is the next one that tells them apart where that is 0 in all of them, and at last the loss", () => {
    const bleu = qualityOf("seq2seq", [pair(0, 0, 0.3), pair(0, 4, 0.4)]);
    expect(bleu.quality).toMatchObject({ name: "held-out BLEU", zero: ["exact match"] });
    const accuracy = qualityOf("seq2seq", [pair(0, 0, 0.3), pair(0, 0, 0.4)]);
    expect(accuracy.quality).toMatchObject({ name: "held-out token accuracy", zero: ["exact match", "BLEU"] });
    const loss = qualityOf("seq2seq", [pair(0, 0, 0.3, 2), pair(0, 0, 0.3, 3)]);
    expect(loss.quality).toMatchObject({ name: "held-out loss", better: "lower", zero: ["exact match", "BLEU"] });
    expect(loss.valueOf(pair(0, 0, 0.3, 2))).toBe(2);
  });

  test("stays what it is where all are as good, but not none", () => {
    expect(qualityOf("seq2seq", [pair(1, 100, 1), pair(1, 100, 1)]).quality.name).toBe("held-out exact match");
  });
});
