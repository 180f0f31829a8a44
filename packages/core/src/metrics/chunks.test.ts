import { describe, expect, test } from "vitest";
import { chunkScores, chunksOf } from "./chunks.ts";

const shown = (tags: string): string[] =>
  chunksOf(tags.split(" ")).map(({ type, start, end }) => `${type} ${start}-${end}`);

describe("chunks", () => {
  // IOB1, IOB2, IOE1, IOE2 and IOBES of the same two names, side by side and apart (Tjong Kim Sang & Veenstra 1999).
  test.each(["I-N I-N B-N O I-N", "B-N I-N B-N O B-N", "I-N E-N I-N O I-N", "I-N E-N E-N O E-N", "B-N E-N S-N O S-N"])(
    "%s",
    (tags) => {
      expect(shown(tags)).toEqual(["N 0-2", "N 2-3", "N 4-5"]);
    },
  );

  test.each([
    ["B-PER I-PER O B-LOC", ["PER 0-2", "LOC 3-4"]],
    ["O O O", []],
    ["I-PER I-LOC", ["PER 0-1", "LOC 1-2"]],
    ["B-PER I-LOC", ["PER 0-1", "LOC 1-2"]],
    ["B-PER B-PER", ["PER 0-1", "PER 1-2"]],
    ["S-PER S-PER", ["PER 0-1", "PER 1-2"]],
    ["S-PER I-PER", ["PER 0-1", "PER 1-2"]],
    ["O E-PER I-PER", ["PER 1-2", "PER 2-3"]],
    ["B-X-Y I-X-Y", ["X-Y 0-2"]],
    ["NOUN VERB", []],
  ])("of %s", (tags, expected) => {
    expect(shown(tags)).toEqual(expected);
  });

  test("no word, no chunk", () => {
    expect(chunksOf([])).toEqual([]);
  });
});

describe("scores", () => {
  test("of the example in seqeval's README", () => {
    const truths = [
      ["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"],
      ["B-PER", "I-PER", "O"],
    ];
    const predictions = [
      ["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"],
      ["B-PER", "I-PER", "O"],
    ];
    const scores = chunkScores(truths, predictions);
    expect(scores).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5, support: 2, found: 2, correct: 1 });
    expect(scores.types).toEqual({
      MISC: { precision: 0, recall: 0, f1: 0, support: 1, found: 1, correct: 0 },
      PER: { precision: 1, recall: 1, f1: 1, support: 1, found: 1, correct: 1 },
    });
  });

  test("a chunk does not reach over the end of a sentence", () => {
    expect(chunkScores([["B-X"], ["I-X"]], [["B-X"], ["B-X"]])).toMatchObject({ support: 2, found: 2, correct: 2 });
  });

  test("count as conlleval does, line by line", () => {
    // Right type, wrong end; right place, wrong type; one of two found; one too many.
    const truth = ["B-A", "I-A", "O", "B-B", "O", "B-A", "B-A", "O", "O"];
    const guess = ["B-A", "O", "O", "B-C", "O", "B-A", "I-A", "O", "B-B"];
    expect(chunkScores([truth], [guess])).toMatchObject({ support: 4, found: 4, correct: 0 });
    const better = ["B-A", "I-A", "O", "B-B", "O", "B-A", "O", "O", "B-B"];
    const { precision, recall, f1 } = chunkScores([truth], [better]);
    expect([precision, recall, f1]).toEqual([3 / 4, 3 / 4, 3 / 4]);
  });

  test("of nothing are 0", () => {
    expect(chunkScores([["O"]], [["O"]])).toEqual({
      precision: 0,
      recall: 0,
      f1: 0,
      support: 0,
      found: 0,
      correct: 0,
      types: {},
    });
    expect(chunkScores([], [])).toMatchObject({ f1: 0 });
  });

  test("what does not fit is refused", () => {
    expect(() => chunkScores([["O"]], [])).toThrow("chunkScores: mismatch in predictions: got 0 sentences, expected 1");
    expect(() => chunkScores([["O"]], [["O", "O"]])).toThrow(
      "chunkScores: mismatch in predictions[0]: got 2 tags, expected 1",
    );
  });
});
