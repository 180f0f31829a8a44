import { describe, expect, test } from "vitest";
import { parseTable } from "../../files/tables/read-table.ts";
import { type NamedColumns, type RowColumns, rowColumns } from "./row-columns.ts";

const columnsOf = (path: string, text: string, named: NamedColumns = {}): RowColumns =>
  rowColumns(parseTable(path, text), named);

describe("what columns mean is found out", () => {
  test("by usual names, wherever they stand", () => {
    expect(columnsOf("a.csv", "label,id,text\nspam,1,buy now\nham,2,see you\nspam,3,win\n")).toEqual({
      answer: "label",
      kind: "label",
      input: { from: "text", column: "text" },
    });
  });

  test("by what stands in them: text that is long, answers that recur and stand last", () => {
    expect(
      columnsOf("a.csv", "who,said,verdict\nAnn,a long remark,yes\nBo,another remark,no\nCy,a third,yes\nDi,x,no\n"),
    ).toEqual({
      answer: "verdict",
      kind: "label",
      input: { from: "text", column: "said" },
    });
  });

  test("few whole numbers are labels, others are numbers", () => {
    expect(columnsOf("a.csv", "text,stars\na b,1\nc d,5\ne f,1\n").kind).toBe("label");
    expect(columnsOf("a.csv", "text,price\na b,1.5\nc d,5\ne f,1\n").kind).toBe("number");
    expect(columnsOf("a.csv", "text,stars\na b,1\nc d,5\n", { target: "stars" }).kind).toBe("number");
  });

  test("rows of one recording are one sequence, of all columns of numbers but the one of time", () => {
    const text = "recording,time,x,y,activity\nr1,0,1,2,walk\nr1,1,1,2,walk\nr2,0,1,2,rest\nr2,1,1,2,rest\n";
    expect(columnsOf("a.csv", text).input).toEqual({ from: "group", group: "recording", columns: ["x", "y"] });
    expect(columnsOf("a.csv", text, { group: "recording", inputs: ["x"] }).input).toMatchObject({ columns: ["x"] });
  });

  test("numbered columns of one row are the steps of a sequence", () => {
    const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
    const text = `class,${names.join(",")}\n${["a", "b", "a"].map((label) => `${label},1,2,3,4,5,6,7,8`).join("\n")}\n`;
    expect(columnsOf("a.csv", text).input).toEqual({ from: "row", columns: names });
  });

  test("arrays in lines of JSON are sequences", () => {
    const text = '{"signal":[1,2,3],"label":"a"}\n{"signal":[1,2],"label":"b"}\n';
    expect(columnsOf("a.jsonl", text).input).toEqual({ from: "array", column: "signal" });
  });
});

describe("what can't be told is asked for", () => {
  test("a column that is not there, with those that are", () => {
    expect(() => columnsOf("a.csv", "text,label\na,b\n", { text: "txt" })).toThrow(
      'a.csv: unknown column "txt"; the columns are "text", "label"',
    );
  });

  test("an answer", () => {
    expect(() => columnsOf("a.csv", "who,what\nAnn,one thing\nBo,another\nCy,a third\nDi,fourth\nEd,last\n")).toThrow(
      /a\.csv: missing column of labels or numbers to predict: none of who, what looks like it; name it with --label/,
    );
  });

  test("sequences: dates and single numbers are none", () => {
    expect(() => columnsOf("a.csv", "Month,Passengers\n1949-01,112\n1949-02,118\n1949-03,132\n")).toThrow(
      /missing sequences: none of the columns Month holds text/,
    );
  });

  test("a label and a number both", () => {
    expect(() => columnsOf("a.csv", "text,a,b\nx,1,2\n", { label: "a", target: "b" })).toThrow(/mismatch in target/);
  });
});
