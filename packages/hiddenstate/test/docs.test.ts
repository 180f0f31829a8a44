import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenLinksOf, pages, root, type Snippet, snippetsOf } from "../../../scripts/markdown.ts";

// Inside the repository, so that a snippet's imports find the built packages as a user's would.
const workshop = join(root, "build/snippets");
const snippets = pages().flatMap(snippetsOf);
const nameOf = (snippet: Snippet): string => `${snippet.page}-${snippet.line}`.replaceAll(/[^\w-]/g, "_");

describe.skipIf(snippets.length === 0)("the TypeScript in the documentation", () => {
  let complaints = "";

  beforeAll(() => {
    rmSync(workshop, { recursive: true, force: true });
    mkdirSync(workshop, { recursive: true });
    for (const snippet of snippets)
      writeFileSync(join(workshop, `${nameOf(snippet)}.ts`), `${snippet.code}\nexport {};\n`);
    writeFileSync(
      join(workshop, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2023",
          lib: ["es2023", "dom"],
          types: ["node"],
          module: "nodenext",
          strict: true,
          skipLibCheck: true,
          rootDir: ".",
          outDir: "out",
        },
        include: ["*.ts"],
      }),
    );
    writeFileSync(join(workshop, "package.json"), JSON.stringify({ private: true, type: "module" }));
    complaints = spawnSync("npx", ["tsc", "-p", workshop], { cwd: workshop, encoding: "utf8" }).stdout;
  });

  afterAll(() => rmSync(workshop, { recursive: true, force: true }));

  // A complaint that names no file is about the compiler's own settings, and every snippet's concern.
  const complaintsAbout = (snippet: Snippet): string[] =>
    complaints.split("\n").filter((line) => line.startsWith(`${nameOf(snippet)}.ts`) || line.startsWith("error"));

  for (const snippet of snippets) {
    test(`${snippet.page}:${snippet.line} compiles${snippet.runs ? " and runs" : ""}`, () => {
      expect(complaintsAbout(snippet)).toEqual([]);
      if (!snippet.runs) return;
      const folder = mkdtempSync(join(tmpdir(), "hiddenstate-snippet-"));
      try {
        const script = join(workshop, "out", `${nameOf(snippet)}.js`);
        const done = spawnSync("node", [script], { cwd: folder, encoding: "utf8", timeout: 120_000 });
        expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});

describe("links in the documentation", () => {
  for (const page of pages()) {
    test(`${page} links to what is there`, () => {
      expect(brokenLinksOf(page)).toEqual([]);
    });
  }
});
