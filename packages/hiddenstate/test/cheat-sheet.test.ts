import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { equationsOf, filled, verdictsOf } from "../../../scripts/cheat-sheet.js";
import { brokenLinksOf, root } from "../../../scripts/markdown.ts";
import { experiments } from "../src/lab/catalogue.ts";

const page = "docs/cheat-sheet.md";
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const sheet = read(page);
const sections = sheet.split(/^## /m).slice(1);
const equations = sections.filter((section) => !section.startsWith("Questions"));

interface Link {
  text: string;
  file: string;
}

/** The links of all lines that begin with one of these words. */
function linksAfter(kind: "Code" | "Test"): Link[] {
  const lines = sheet.split("\n").filter((line) => line.startsWith(`- **${kind}**: `));
  return lines
    .flatMap((line) => [...line.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)])
    .map(([, text, target]) => ({ text, file: join(dirname(page), target) }));
}

describe("the cheat sheet", () => {
  test("links to what is there", () => {
    expect(brokenLinksOf(page)).toEqual([]);
  });

  test("has its equations as the code's docstrings have them, and no verdict but the committed run's", () => {
    const verdicts = existsSync(join(root, "docs/lab.md")) ? verdictsOf(read("docs/lab.md")) : new Map();
    const expected = filled(sheet, read, verdicts);
    // A run that was committed after the sheet is news, not a fault.
    const settled = (text: string): string =>
      text.replaceAll(/<!-- lab(?:-short)? (\S+) -->.*?<!-- end -->/g, (whole, name: string) =>
        sheet.includes(`\`${name}\`: no committed run yet`) ? "" : whole,
      );
    expect(settled(sheet), "run node scripts/cheat-sheet.js").toBe(settled(expected));
  });

  test.each(equations.map((section) => [section.split("\n")[0], section]))(
    "%s: an equation, its code and its test",
    (_, section) => {
      expect(section).toMatch(/```\n[^`]*=[^`]*```/);
      expect(section).toContain("- **Code**: [`");
      expect(section).toContain("- **Test**: [");
    },
  );

  test.each(linksAfter("Code").map(({ text, file }) => [text.replaceAll("`", ""), file]))(
    "%s is in %s",
    (symbol, file) => {
      expect(read(file)).toMatch(new RegExp(`\\b${symbol}\\b`));
    },
  );

  test.each(linksAfter("Test").map(({ text, file }) => [text, file]))("the test %j is in %s", (title, file) => {
    expect(read(file)).toContain(title);
  });

  test("asks every experiment of the laboratory", () => {
    for (const { name } of experiments) expect(sheet).toMatch(new RegExp(`<!-- lab(-short)? ${name} -->`));
  });

  test("answers each question in two sentences, of which the second is measured", () => {
    const questions = sections
      .at(-1)!
      .split("\n\n")
      .filter((paragraph) => paragraph.startsWith("**"));
    expect(questions.length).toBeGreaterThan(10);
    for (const question of questions) expect(question).toMatch(/\?\*\* [\s\S]*(Measured:|performance\.md)/);
  });
});

describe("what the sheet is filled from", () => {
  test("verdicts are the rows that a laboratory's report begins with", () => {
    const report =
      "| experiment | verdict | because |\n| --- | --- | --- |\n| [a-b](#a-b) | **holds** | 1 \\| 2 of 3 |\n";
    expect([...verdictsOf(report)]).toEqual([["a-b", { outcome: "holds", because: "1 | 2 of 3" }]]);
  });

  test("a verdict stands with its reason, and one that is not there says how to get it", () => {
    const marked = "x <!-- lab a --><!-- end --> y";
    const verdicts = new Map([["a", { outcome: "holds", because: "it was 3" }]]);
    expect(filled(marked, read, verdicts)).toBe("x <!-- lab a -->[a](lab.md#a): **holds**, it was 3.<!-- end --> y");
    expect(filled(marked, read, new Map())).toContain("`npx hiddenstate lab a` tests it here");
  });

  test("a short verdict keeps the first clauses of its reason", () => {
    const because = `${"a".repeat(100)}; ${"b".repeat(60)}; c`;
    const short = filled("<!-- lab-short x --><!-- end -->", read, new Map([["x", { outcome: "holds", because }]]));
    expect(short).toContain(`**holds**, ${because.slice(0, 162)}.<!-- end -->`);
  });

  test("equations are the lines of a docstring that are set in", () => {
    const code = "/**\n * A thing.\n *\n *     a = b\n *       + c\n *\n * More.\n */\nexport class Thing {}\n";
    expect(equationsOf(code, "Thing")).toEqual(["a = b", "  + c"]);
    expect(() => equationsOf(code, "Other")).toThrow("no docstring of an export Other");
  });
});
