import { describe, expect, test } from "vitest";
import { parseDelimited } from "./delimited.ts";

const columnsAndRows = (path: string, text: string): unknown => {
  const { columns, rows } = parseDelimited(path, text);
  return [columns, rows.map((row) => columns.map((name) => row[name]))];
};

describe("separated values", () => {
  test("fields in quotes may hold delimiters, line ends and doubled quotes", () => {
    const text = 'text,label\n"one, two\nthree ""four""",a\nfive,b\n';
    expect(columnsAndRows("a.csv", text)).toEqual([
      ["text", "label"],
      [
        ['one, two\nthree "four"', "a"],
        ["five", "b"],
      ],
    ]);
  });

  test("each row knows the line that it begins in, past line ends in quotes and empty lines", () => {
    const { lines } = parseDelimited("a.csv", 'text,label\r\n"one\r\ntwo",a\r\n\r\nfive,b\r\n');
    expect(lines).toEqual([2, 5]);
  });

  test("a byte order mark is no part of the first name", () => {
    expect(parseDelimited("a.csv", "\ufefftext,label\na,b\n").columns).toEqual(["text", "label"]);
  });

  test.each([
    ["a.tsv", "text\tlabel\na, b\tc\n", "\t"],
    ["a.csv", "text;label\na;1,5\nb;2,5\n", ";"],
    ["a.csv", "text|label\na|b\n", "|"],
    ["a.csv", 'text,label\n"a;b;c",d\n', ","],
  ])("%s: the delimiter is found: %j", (path, text, delimiter) => {
    expect(parseDelimited(path, text).columns).toEqual(["text", "label"]);
    const told = parseDelimited(path, text).notes.some((note) => note.includes("separated by"));
    expect(told).toBe([";", "|"].includes(delimiter));
  });

  test("a row of another width is named with its line", () => {
    expect(() => parseDelimited("a.csv", "text,label\na,b\nc,d,e\n")).toThrow(
      "a.csv:3: mismatch in columns: got 3, expected 2, as the header has",
    );
  });

  test("columns of one name are named with their places", () => {
    expect(() => parseDelimited("a.csv", "text,label,text\na,b,c\n")).toThrow(
      'a.csv:1: invalid columns: "text" stands in columns 1 and 3',
    );
  });

  test("a quote that is never closed is named with its line", () => {
    expect(() => parseDelimited("a.csv", 'text,label\na,b\n"c,d\ne,f\n')).toThrow(
      /^a\.csv:3: invalid quotes: a quote opens/,
    );
  });

  test("where the text was cut, the row that is not whole is left out", () => {
    expect(parseDelimited("a.csv", 'text,label\na,b\n"c,d\ne,f\n', { cut: true }).rows).toHaveLength(1);
  });
});

describe("a first line without names", () => {
  test.each([
    ["numbers", "1.5,2.5\n3,4\n"],
    ["a label that occurs again", "a fine film,good\na poor film,bad\nanother,good\n"],
  ])("is data: %s", (_, text) => {
    const { columns, rows, notes } = parseDelimited("a.csv", text);
    expect(columns).toEqual(["1", "2"]);
    expect(rows).toHaveLength(text.split("\n").length - 1);
    expect(notes.join()).toContain("taken for data");
  });

  test.each([
    ["a name over numbers", "power,state\n1,on\n2,off\n"],
    ["usual names", "text,label\nlabel,text\n"],
  ])("is none: %s", (_, text) => {
    expect(parseDelimited("a.csv", text).columns).toEqual(text.split("\n")[0].split(","));
  });

  test("what was said holds", () => {
    expect(parseDelimited("a.csv", "a,b\nc,d\n", { header: false }).columns).toEqual(["1", "2"]);
    expect(parseDelimited("a.csv", "1,2\n3,4\n", { header: true }).columns).toEqual(["1", "2"]);
  });
});
