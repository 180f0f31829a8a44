// Fills in what docs/cheat-sheet.md takes from elsewhere: equations from the docstrings of the code that computes them, and the
// laboratory's verdicts from docs/lab.md, where a committed run is there. All else in the sheet is written by hand.
//
//   node scripts/cheat-sheet.js            writes the sheet
//   node scripts/cheat-sheet.js --check    fails if it is not as it would be written
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const sheet = "docs/cheat-sheet.md";
const lab = "docs/lab.md";
const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * @typedef {{ outcome: string, because: string }} Verdict
 */

/**
 * The verdicts that a laboratory's report begins with, by the experiment's name.
 *
 * @param {string} report
 * @returns {Map<string, Verdict>}
 */
export function verdictsOf(report) {
  const rows = report.matchAll(/^\| \[([\w-]+)\]\(#[\w-]+\) \| \*\*([^*]+)\*\* \| (.+) \|$/gm);
  return new Map(
    [...rows].map(([, name, outcome, because]) => [name, { outcome, because: because.replaceAll("\\|", "|") }]),
  );
}

/**
 * The equations in the docstring of an export: its indented lines.
 *
 * @param {string} code
 * @param {string} name
 * @returns {string[]}
 */
export function equationsOf(code, name) {
  const docstrings = code.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:abstract )?(?:class|function\*?) (\w+)/g,
  );
  const found = [...docstrings].find(([, , exported]) => exported === name);
  if (!found) throw new Error(`${sheet}: no docstring of an export ${name}`);
  const lines = found[1].split("\n").flatMap((line) => /^ \* {5,}\S.*$/.exec(line)?.[0].slice(7) ?? []);
  if (lines.length === 0) throw new Error(`${sheet}: the docstring of ${name} has no equation (lines set in by four)`);
  return lines;
}

/**
 * The sheet with everything between `<!-- equation FILE NAME -->`, `<!-- lab NAME -->` or `<!-- lab-short NAME -->` and `<!-- end -->`
 * made anew.
 *
 * @param {string} markdown
 * @param {(path: string) => string} read a file of the repository
 * @param {Map<string, Verdict>} verdicts
 */
export function filled(markdown, read, verdicts) {
  return markdown.replaceAll(
    /<!-- (equation|lab|lab-short) ([^>]+?) -->([\s\S]*?)<!-- end -->/g,
    (_, /** @type {string} */ kind, /** @type {string} */ words) => {
      const [first, second] = words.split(" ");
      if (kind !== "equation") {
        const verdict = verdicts.get(first);
        const line = verdictLine(first, verdict && kind === "lab-short" ? shortened(verdict) : verdict);
        return `<!-- ${kind} ${first} -->${line}<!-- end -->`;
      }
      const equations = equationsOf(read(first), second).join("\n");
      return `<!-- equation ${first} ${second} -->\n\n\`\`\`\n${equations}\n\`\`\`\n\n<!-- end -->`;
    },
  );
}

/** What is long enough to say something. */
const enough = 140;

/**
 * The first clauses of a reason; the report has them all.
 *
 * @param {Verdict} verdict
 * @returns {Verdict}
 */
function shortened({ outcome, because }) {
  const [first, ...rest] = because.split("; ");
  const short = rest.reduce((text, clause) => (text.length < enough ? `${text}; ${clause}` : text), first);
  return { outcome, because: short };
}

/**
 * @param {string} experiment
 * @param {Verdict | undefined} verdict
 */
function verdictLine(experiment, verdict) {
  if (!verdict) return `\`${experiment}\`: no committed run yet; \`npx hiddenstate lab ${experiment}\` tests it here.`;
  const { outcome, because } = verdict;
  return `[${experiment}](lab.md#${experiment}): **${outcome}**, ${because.replace(/\.$/, "")}.`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const read = (/** @type {string} */ path) => readFileSync(at(path), "utf8");
  const before = read(sheet);
  const after = filled(before, read, existsSync(at(lab)) ? verdictsOf(read(lab)) : new Map());
  if (!process.argv.includes("--check")) writeFileSync(at(sheet), after);
  else if (after !== before) {
    process.stderr.write(`${sheet} is not up to date: run node scripts/cheat-sheet.js\n`);
    process.exitCode = 1;
  }
}
