import { HiddenstateError } from "@hiddenstate/core";
import { describe, expect, test } from "vitest";
import { answersInOrder, joinAnswers, madeInOrder } from "./answers.ts";

async function gathered<T>(parts: AsyncIterable<T> | Iterable<T>): Promise<{ parts: T[]; fault: string | undefined }> {
  const got: T[] = [];
  try {
    for await (const part of parts) got.push(part);
    return { parts: got, fault: undefined };
  } catch (fault) {
    return { parts: got, fault: (fault as Error).message };
  }
}

describe("a row with its answer", () => {
  test("keeps its columns, under another name where the answer needs theirs, which is told once", () => {
    const told: string[] = [];
    const join = joinAnswers((text) => told.push(text));
    expect(join({ id: 1, predicted: "b" }, { predicted: "a" })).toEqual({
      id: 1,
      input_predicted: "b",
      predicted: "a",
    });
    expect(join({ predicted: "c" }, { predicted: "a" })).toEqual({ input_predicted: "c", predicted: "a" });
    expect(told).toEqual(["the input has a column of the answer's names: predicted is input_predicted"]);
  });

  test("has what is one and the same thing once", () => {
    const words = ["a", "b"];
    expect(joinAnswers(undefined)({ words }, { words, tags: [] })).toEqual({ words, tags: [] });
  });
});

describe("where a row is at fault, those before it come first", () => {
  const ask = async (rows: readonly number[]): Promise<object[]> => {
    const bad = rows.find((row) => row < 0);
    if (bad !== undefined) throw new HiddenstateError("invalid", `row ${bad}`);
    return rows.map((row) => ({ row }));
  };

  test("as they are asked about", async () => {
    const { parts, fault } = await gathered(answersInOrder([1, 2, 3, 4, -5, 6], 3, ask));
    expect(parts.flat()).toEqual([1, 2, 3, 4].map((row) => ({ row })));
    expect(fault).toBe("row -5");
  });

  test("as they are made", async () => {
    const make = (row: number): number => {
      if (row === 2) throw new Error("row 2");
      return row;
    };
    expect(await gathered(madeInOrder(4, make))).toEqual({ parts: [[0, 1]], fault: "row 2" });
  });
});
