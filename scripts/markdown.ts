import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** One fenced TypeScript block of a page. */
export interface Snippet {
  /** Path from the root, and the line of the opening fence. */
  page: string;
  line: number;
  code: string;
  /** False for ```` ```ts no-run ````: checked by the compiler only. */
  runs: boolean;
}

/** Every markdown file of the repository that git knows or would add, as paths from the root. */
export function pages(): string[] {
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  if (listed.status !== 0) throw new Error(`git ls-files: exit ${listed.status}: ${listed.stderr}`);
  // A file deleted in the work tree is still in the index.
  return listed.stdout.split("\n").filter((path) => path !== "" && existsSync(join(root, path)));
}

/**
 * The `ts` blocks of a page. After the language may stand `no-run` (compile it, do not run it: it needs files or time
 * that a test lacks) or `continued` (it goes on from the block before, whose code comes first).
 */
export function snippetsOf(page: string): Snippet[] {
  const snippets: Snippet[] = [];
  let open: { fence: string; words: string[]; line: number; code: string[] } | undefined;
  readFileSync(join(root, page), "utf8")
    .split("\n")
    .forEach((text, index) => {
      const [, fence, info] = /^\s*(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
      if (open === undefined) {
        if (fence !== undefined) open = { fence, words: info.trim().split(/\s+/), line: index + 1, code: [] };
      } else if (fence?.startsWith(open.fence) && info.trim() === "") {
        if (open.words[0] === "ts" || open.words[0] === "typescript")
          snippets.push(snippet(page, open, snippets.at(-1)));
        open = undefined;
      } else {
        open.code.push(text);
      }
    });
  return snippets;
}

function snippet(page: string, block: { words: string[]; line: number; code: string[] }, before?: Snippet): Snippet {
  const place = `${page}:${block.line}`;
  const [, ...marks] = block.words;
  const strange = marks.find((mark) => mark !== "no-run" && mark !== "continued");
  if (strange !== undefined) throw new Error(`${place}: unknown mark ${strange}: expected no-run or continued`);
  let code = block.code.join("\n");
  if (marks.includes("continued")) {
    if (before === undefined) throw new Error(`${place}: continued: missing a block before it`);
    code = `${before.code}\n${code}`;
  }
  return { page, line: block.line, code, runs: !marks.includes("no-run") };
}

/** The links of a page that lead nowhere: a file that is not there, or a heading that its page lacks. */
export function brokenLinksOf(page: string): string[] {
  const prose = withoutCode(readFileSync(join(root, page), "utf8"));
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const defined = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s>]+)>?/gm)];
  const html = [...prose.matchAll(/\b(?:src|href)="([^"]+)"/g)];
  return [...inline, ...defined, ...html].map(([, target]) => target).filter((target) => !leadsSomewhere(page, target));
}

function leadsSomewhere(page: string, target: string): boolean {
  // Another site's page is not ours to promise, and no test may need the network.
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return true;
  const [path, anchor] = target.split("#");
  const file = path === "" ? join(root, page) : join(root, dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return false;
  if (anchor === undefined || !file.endsWith(".md")) return true;
  return anchorsOf(readFileSync(file, "utf8")).has(anchor);
}

/** The names that GitHub gives to headings. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const name = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, "")
      .replaceAll(" ", "-");
    let unique = name;
    for (let copy = 1; anchors.has(unique); copy++) unique = `${name}-${copy}`;
    anchors.add(unique);
  }
  return anchors;
}

const withoutFences = (markdown: string): string =>
  markdown.replace(/^\s*(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\s*\1`*\s*$/gm, "");
const withoutCode = (markdown: string): string => withoutFences(markdown).replace(/(`+)[\s\S]*?\1/g, "");
