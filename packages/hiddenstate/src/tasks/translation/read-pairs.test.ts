import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { recognise } from "../recognise.ts";
import { readPairs, readSources } from "./read-pairs.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-pairs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What was read, without where it stood. */
async function pairsIn(path: string, named = {}): Promise<[string, string][]> {
  return (await readPairs(path, named)).pairs.map(({ source, target }) => [source, target]);
}

describe("pairs are read", () => {
  test.each([
    ["a.tsv", "good day\tguten Tag\ngood night\tgute Nacht\n"],
    ["b.tsv", "source\ttarget\ngood day\tguten Tag\n\ngood night\tgute Nacht\n"],
    ["c.txt", "good day\tguten Tag\r\ngood night\tgute Nacht\r\n"],
    ["d.jsonl", '{"source":"good day","target":"guten Tag"}\n{"target":"gute Nacht","source":"good night"}\n'],
    ["e.csv", "id,source,target\n1,good day,guten Tag\n2,good night,gute Nacht\n"],
    ["f.csv", "en,de\ngood day,guten Tag\ngood night,gute Nacht\n"],
  ])("%s", async (name, content) => {
    expect(await pairsIn(file(name, content))).toEqual([
      ["good day", "guten Tag"],
      ["good night", "gute Nacht"],
    ]);
  });

  test("a first line that begins with a brace is a pair, unless it is a whole object", async () => {
    expect(await pairsIn(file("braces.tsv", "{a}\tA\n{b}\tB\n"))).toEqual([
      ["{a}", "A"],
      ["{b}", "B"],
    ]);
    expect(await pairsIn(file("lines.txt", '{"source":"a","target":"b"}\n'))).toEqual([["a", "b"]]);
  });

  test("of an array of objects, whose errors are told with the row", async () => {
    const path = file(
      "array.json",
      '[\n{"source": "day", "target": "Tag"},\n{"source": "night", "target": "Nacht"}]\n',
    );
    const { pairs } = await readPairs(path, {});
    expect(pairs).toEqual([
      { source: "day", target: "Tag", place: `${path}, row 1` },
      { source: "night", target: "Nacht", place: `${path}, row 2` },
    ]);
    expect((await recognise({ data: path })).task).toBe("seq2seq");
  });

  test("in lines with tabs quotes are quotes", async () => {
    const path = file("quotes.tsv", '"Yes," he said.\t„Ja“, sagte er.\n"No\tNein\n');
    expect(await pairsIn(path)).toEqual([
      ['"Yes," he said.', "„Ja“, sagte er."],
      ['"No', "Nein"],
    ]);
  });

  test("what stands behind a second tab is left out, and that is told", async () => {
    const { pairs, notes } = await readPairs(
      file("credits.txt", "Go.\tVa !\tCC-BY 2.0\nRun.\tCours.\tCC-BY 2.0\n"),
      {},
    );
    expect(pairs[0]).toMatchObject({ source: "Go.", target: "Va !" });
    expect(notes).toEqual([expect.stringContaining("what stands after a second tab is not read (2 lines)")]);
  });

  test("by columns that are named", async () => {
    const path = file("named.tsv", "en\tde\tnote\nday\tTag\tx\n");
    expect(await pairsIn(path, { source: "de", target: "en", header: "yes" })).toEqual([["Tag", "day"]]);
  });

  test("numbers in lines of JSON are texts", async () => {
    expect(await pairsIn(file("sums.jsonl", '{"input":"2+3","output":5}\n'))).toEqual([["2+3", "5"]]);
  });
});

describe("what is wrong is told with its line", () => {
  test.each(["header.tsv", "header.csv"])("names of columns and nothing below them: %s", async (name) => {
    const content = name.endsWith("tsv") ? "source\ttarget\n" : "source,target\n";
    await expect(readPairs(file(name, content), {})).rejects.toThrow(
      `${name}: it has names of columns ("source", "target") and no rows below them; give some, or --header no`,
    );
  });

  test("a line without a tab", async () => {
    const path = file("no-tab.tsv", "a\tb\n\nno tab here\nc\td\n");
    await expect(readPairs(path, {})).rejects.toThrow(
      'no-tab.tsv:3: missing tab: got "no tab here", expected a source, a tab and a target; mend the line',
    );
  });

  test("a line with more columns than names", async () => {
    const path = file("wide.tsv", "source\ttarget\na\tb\tc\n");
    await expect(readPairs(path, {})).rejects.toThrow("wide.tsv:2: mismatch in columns: got 3, expected 2");
  });

  test("a column that is not there, and columns that could be anything", async () => {
    const path = file("many.csv", "a,b,c\nx,y,z\n");
    await expect(readPairs(path, { source: "d" })).rejects.toThrow('unknown column "d"; the columns are "a", "b", "c"');
    await expect(readPairs(path, {})).rejects.toThrow(
      "many.csv: missing columns of pairs: none of a, b, c looks like it",
    );
  });
});

describe("pairs are recognised", () => {
  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join("\n");
  test.each([
    ["1.tsv", lines(20, (i) => `the day ${i}\tder Tag ${i}`), "its lines are pairs of texts with a tab between them"],
    [
      "2.tsv",
      `source\ttarget\n${lines(20, (i) => `${i}+1\t${i % 3}`)}`,
      "its lines are pairs of texts with a tab between them",
    ],
    ["3.tsv", "source\ttarget\na\tb\nno tab\n\nc\td\n", "its lines are pairs of texts with a tab between them"],
    [
      "4.jsonl",
      lines(5, (i) => `{"source":"day ${i}","target":"Tag"}`),
      "its columns source and target are pairs of texts",
    ],
    ["5.csv", "question,answer\nhow?,so\nwhy?,because\n", "its columns question and answer are pairs of texts"],
  ])("%s", async (name, content, reason) => {
    const data = file(name, content);
    expect(await recognise({ data })).toEqual({
      task: "seq2seq",
      sentence: `${data}: learning to write one text from another (--task seq2seq), since ${reason}`,
    });
  });

  test.each([
    ["labels", "labels.tsv", lines(20, (i) => `the day ${i}\t${i % 2 ? "good" : "bad"}`), "classify"],
    ["numbers", "numbers.tsv", lines(20, (i) => `the day ${i}\t${i * 1.5}`), "classify"],
    [
      "series",
      "series.tsv",
      `date\tsold\n${lines(20, (i) => `2024-01-${String(i + 1).padStart(2, "0")}\t${i}`)}`,
      "forecast",
    ],
    ["text with tabs", "text.txt", lines(20, (i) => (i % 2 ? `one\tline ${i}` : `and another ${i}`)), "lm"],
  ])("%s are something else", async (_, name, content, task) => {
    expect((await recognise({ data: file(name, content) })).task).toBe(task);
  });
});

test("an empty line to ask about is kept, so that answers have their lines", async () => {
  const found: [string, boolean, string][] = [];
  const path = file("gaps.txt", "\none\n  \n\ntwo\n");
  const input = (async function* () {
    yield* ["\non", "e\n\n", "two"];
  })();
  for (const paths of [[path], []])
    for await (const asked of readSources({ paths, input }, {}))
      for (const { text, empty, place } of asked) found.push([text, empty, place.replace(folder, "")]);
  expect(found).toEqual([
    ["", true, "/gaps.txt:1"],
    ["one", false, "/gaps.txt:2"],
    ["  ", true, "/gaps.txt:3"],
    ["", true, "/gaps.txt:4"],
    ["two", false, "/gaps.txt:5"],
    ["", true, "standard input:1"],
    ["one", false, "standard input:2"],
    ["", true, "standard input:3"],
    ["two", false, "standard input:4"],
  ]);
});

test("lines of a .tsv without tabs are sources, quotes and all, and their name is none", async () => {
  const texts = async (name: string, content: string): Promise<string[]> => {
    const found: string[] = [];
    const input = (async function* (): AsyncGenerator<string> {})();
    for await (const asked of readSources({ paths: [file(name, content)], input }, {}))
      found.push(...asked.map(({ text }) => text));
    return found;
  };
  expect(await texts("alone.tsv", 'one\n\ntw"o\n')).toEqual(["one", "", 'tw"o']);
  expect(await texts("named.tsv", "source\none\ntwo\n")).toEqual(["one", "two"]);
  expect(await texts("named.txt", "source\none\n")).toEqual(["source", "one"]);
  expect(await texts("late.txt", "\none\teins\ntwo\tzwei\n")).toEqual(["one", "two"]);
});

test("sources to ask about come from lines, tables and standard input", async () => {
  const texts = async (paths: string[], input: string[] = []): Promise<string[]> => {
    const found: string[] = [];
    const all = readSources(
      {
        paths,
        input: (async function* () {
          yield* input;
        })(),
      },
      { columns: { source: "source", target: "target" } },
    );
    for await (const asked of all) found.push(...asked.map(({ text }) => text));
    return found;
  };
  expect(await texts([file("plain.txt", "one, two\nthree\n")])).toEqual(["one, two", "three"]);
  expect(await texts([file("pairs.tsv", "source\ttarget\na b\tx\nc\ty\n")])).toEqual(["a b", "c"]);
  expect(await texts([file("rows.jsonl", '{"source":"a"}\n'), file("rows.csv", "id,source\n1,b\n")])).toEqual([
    "a",
    "b",
  ]);
  expect(await texts([], ["one\ntw", "o\n"])).toEqual(["one", "two"]);
});
