// Trains an LSTM for about a minute on text that every checkout has, and lets it write: the tour of the README.
// `--seconds N` or `--steps N` shorten it, `--out FOLDER` says where the model goes.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    steps: { type: "string" },
    out: { type: "string", default: join(root, "runs/quickstart") },
  },
});
const { run } = await import(new URL("../packages/hiddenstate/dist/cli/run.js", import.meta.url).href);

const out = here(values.out);
const data = `${out}.txt`;
mkdirSync(dirname(data), { recursive: true });
writeFileSync(data, declarations(1_000_000));
// Every quickstart is a first one.
rmSync(out, { recursive: true, force: true });

const budget = values.steps ? ["--steps", values.steps] : ["--minutes", String(Number(values.seconds) / 60)];
console.log(`An LSTM learns to write TypeScript declarations, from 1,000,000 characters of them: ${data}\n`);
// As much as a minute on one core can teach.
const model = ["--hidden", "192", "--layers", "1", "--batch", "16", "--lr", "0.005", "--schedule", "cosine"];
process.exitCode = await run(["train", data, "--out", out, ...model, ...budget], { suggestions: false });
if (process.exitCode === 0) {
  console.log("\nIt writes 400 characters:\n");
  process.exitCode = await run([
    "generate",
    out,
    "--length",
    "400",
    "--temperature",
    "0.7",
    "--prompt",
    "    function ",
  ]);
}
if (process.exitCode === 0) {
  console.log(`
Worth trying next:
  npx hiddenstate generate ${out} --prompt "function " --temperature 0.5
  npx hiddenstate train your-own.txt --minutes 5
  npx hiddenstate train ${data} --out runs/gru --cell gru --minutes 1
  npx hiddenstate doctor`);
}

/** The declaration files of the pinned @types/node in sorted order, one after the other: the same for everyone. */
function declarations(/** @type {number} */ length) {
  const folder = join(root, "node_modules/@types/node");
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".d.ts"))
    .map((path) => path.split(sep).join("/"))
    .toSorted();
  let text = "";
  for (const path of paths) if (text.length < length) text += readFileSync(join(folder, path), "utf8");
  return text.slice(0, length);
}

/** A path as short as it can be, for people to read and type. */
function here(/** @type {string} */ path) {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
