import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { commonPhases } from "./phases.js";
import { shortNumber } from "./table.js";
import { targets } from "./targets.js";

/**
 * @typedef {import("./conduct.js").Row} Row
 * @typedef {import("./timing.js").Spread} Spread
 */

/**
 * One run of the cases, as it lies in results/.
 *
 * @typedef {object} Results
 * @property {"rows"} kind
 * @property {string} date ISO 8601
 * @property {number} minutes that the run took
 * @property {string} commit
 * @property {import("./machine.js").Machine} machine
 * @property {{ before: number, after: number }} load of the machine, over a minute
 * @property {number} repeats
 * @property {boolean} undisturbed whether disturbed samples were taken again
 * @property {Row[]} rows
 */

/**
 * A run of the memory check, as it lies in results/.
 *
 * @typedef {object} MemoryResults
 * @property {"memory"} kind
 * @property {string} date
 * @property {string} commit
 * @property {string} node
 * @property {string} backend
 * @property {number} steps
 * @property {number} jsHeapBytes growth
 * @property {number} tensorBytes growth
 * @property {number} reservedBytes growth
 * @property {boolean} grew
 * @property {import("./memory.js").MemorySample[]} samples
 */

/**
 * A run of the comparison with and without recomputing, as it lies in results/.
 *
 * @typedef {object} RecomputeResults
 * @property {"recompute"} kind
 * @property {string} date
 * @property {string} commit
 * @property {import("./machine.js").Machine} machine
 * @property {number} repeats
 * @property {import("./recompute.js").RecomputeRow[]} rows
 */

const page = new URL("../docs/performance.md", import.meta.url);
const folder = new URL("results/", import.meta.url);
const begin = "<!-- from bench/results, by `npm run bench -- report` -->";
const end = "<!-- end of what comes from bench/results -->";

/** @param {{ check?: boolean }} options */
export function report({ check }) {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .toSorted();
  /** @type {(Results | MemoryResults | RecomputeResults | import("./cell-costs.js").CellResults)[]} */
  const results = files.map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));
  const rows = results.filter((one) => one.kind === "rows").toSorted((a, b) => (a.date < b.date ? -1 : 1));
  const memory = results.filter((one) => one.kind === "memory");
  const recompute = results.filter((one) => one.kind === "recompute");
  const cells = results.filter((one) => one.kind === "cells");
  const parts = [
    targetTable(rows),
    ...cellSections(cells),
    ...rows.map(runSection),
    ...recompute.map(recomputeSection),
    ...memory.map(memorySection),
  ];

  const before = readFileSync(page, "utf8");
  const [start, stop] = [before.indexOf(begin) + begin.length, before.indexOf(end)];
  const after = `${before.slice(0, start)}\n\n${parts.join("\n\n")}\n\n${before.slice(stop)}`;
  if (check && after !== before) {
    console.error("docs/performance.md is not what bench/results says; run `npm run bench -- report`");
    process.exitCode = 1;
  } else if (!check) {
    writeFileSync(page, after);
  }
}

/** @param {readonly Results[]} runs */
function targetTable(runs) {
  const lines = targets.map((target) => {
    const { what, backend, threads, unit, least, most } = target;
    const { value, run } = measured(target, runs) ?? {};
    const wanted = least === undefined ? `at most ${most}${unit}` : `at least ${least}${unit}`;
    const shown = value === undefined ? "" : `${shortNumber(value)}${unit}`;
    const where = run ? `${run.date.slice(0, 10)}, ${run.machine.processor.split(/[ (]/)[0]}` : "";
    return [what, backend, String(threads), wanted, shown, verdict(value, target), where];
  });
  const intro = `Where no case is named: \`${targets[0].case}\`. The newest run that has the case counts.`;
  return `### Targets\n\n${intro}\n\n${markdownTable(["", "kernels", "threads", "wanted", "measured", "reached", "run"], lines)}`;
}

/** @param {import("./targets.js").Target} target @param {readonly Results[]} runs */
function measured(target, runs) {
  const values = runs.flatMap((run) =>
    run.rows
      .filter(
        (row) =>
          row.peer === "hiddenstate" &&
          row.backend === target.backend &&
          row.threads === target.threads &&
          row.case === target.case &&
          (target.nodeMajor === undefined || row.node?.startsWith(`v${target.nodeMajor}.`)),
      )
      .map((row) => ({ value: target.value(row, run.rows), run })),
  );
  return values.findLast(({ value }) => value !== undefined);
}

/** @param {number | undefined} value @param {import("./targets.js").Target} target */
function verdict(value, { least, most }) {
  if (value === undefined) return "not measured";
  const share = least === undefined ? (most ?? Infinity) / value : value / least;
  return share >= 1 ? "yes" : `no, ${((1 - share) * 100).toFixed(share > 0.99 ? 1 : 0)} % short`;
}

/** @param {Results} run */
function runSection(run) {
  const { machine } = run;
  const extensions = machine.vectorExtensions.length ? ` (${machine.vectorExtensions.join(", ")})` : "";
  const intro =
    `${machine.processor}${extensions}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}; commit ${run.commit}. ` +
    `Medians of ${run.repeats} samples with the least and the most; all of a case's rows were measured in turn in the same minutes. ` +
    (run.undisturbed ? `Samples whose process had less than 95 % of a processor were taken again. ` : "") +
    `Load of the machine (our own process counts 1): ${run.load.before} before, ${run.load.after} after ${run.minutes} minutes.`;
  const names = [...new Set(run.rows.map((row) => row.case))];
  const tables = names.map((name) => {
    const rows = run.rows.filter((row) => row.case === name);
    return `\`${name}\`\n\n${caseTable(rows)}`;
  });
  return [
    `### ${run.date.slice(0, 10)}, ${threadsOf(run)}`,
    intro,
    ...ratioTables(run),
    "#### All numbers",
    ...tables,
  ].join("\n\n");
}

/** How many times as fast we are as each peer: a table for each phase. @param {Results} run */
function ratioTables({ rows }) {
  const ours = rows.filter((row) => row.times);
  return commonPhases.flatMap((phase) => {
    const others = [...new Set(ours.flatMap((row) => Object.keys(row.times ?? {})))].filter((peer) =>
      ours.some((row) => row.times?.[peer]?.[phase]),
    );
    if (others.length === 0) return [];
    const lines = ours.map((row) => [
      `\`${row.case}\`, ${nameOf(row)}`,
      ...others.map((peer) => {
        const ratio = row.times?.[peer]?.[phase];
        return ratio === undefined ? "" : `${shortNumber(ratio)}x`;
      }),
    ]);
    const heads = ["", ...others.map((peer) => `over ${peer}`)];
    const told = lines.filter(([, ...ratios]) => ratios.some((ratio) => ratio !== ""));
    return [`#### Speed ${headingOf[phase]}`, markdownTable(heads, told)];
  });
}

/** @type {Partial<Record<import("./phases.js").Phase, string>>} */
const headingOf = {
  train: "of training",
  stream: "of streaming: one step at batch 1, with embedding and linear layer",
  streamRecurrent: "of streaming: the recurrent layers only",
  forward: "forward: the recurrent layers over a batch",
};

/** @param {Results} run */
function threadsOf(run) {
  const threads = [...new Set(run.rows.map((row) => row.threads))];
  return threads.map((count) => (count === 1 ? "1 thread" : `${count} threads`)).join(" and ");
}

/** @param {readonly Row[]} rows */
function caseTable(rows) {
  const lines = rows.map((row) => [
    nameOf(row),
    shortNumber(row.trainTokensPerSecond),
    shortNumber(row.trainGflops),
    withSpread(row.spread.train, 1),
    withSpread(row.spread.stream, 1e3),
    withSpread(row.spread.streamRecurrent, 1e3),
    withSpread(row.spread.forward, 1),
    shortNumber(row.forwardGflops),
    withSpread(row.spread.streamInt8, 1e3),
    withSpread(row.spread.pool, 1e3),
    shortNumber(row.poolGflops),
    shortNumber(row.productsGflops),
    shortNumber(row.peakGflops),
    shortNumber((row.spread.train ?? row.spread.forward)?.processors),
    shortNumber(row.rssAboveIdleMb),
  ]);
  const heads = [
    "",
    "tokens/s",
    "GFLOP/s",
    "step, ms",
    "stream, µs",
    "recurrent only, µs",
    "forward, ms",
    "GFLOP/s",
    "8-bit weights, µs",
    "64 streams, µs",
    "GFLOP/s",
    "products, GFLOP/s",
    "peak, GFLOP/s",
    "processors",
    "MB above idle",
  ];
  // Columns that nobody has an entry in say nothing.
  const used = heads.map((_, column) => column === 0 || lines.some((line) => line[column] !== ""));
  const pick = (/** @type {string[]} */ cells) => cells.filter((_, column) => used[column]);
  return markdownTable(pick(heads), lines.map(pick));
}

/** @param {Row} row */
function nameOf(row) {
  const own = [row.backend, row.instructionSet].filter(Boolean).join(" ");
  const node = row.node ? `Node ${row.node.slice(1)}` : "";
  return [`${row.peer} ${row.version ?? own}`.trim(), node].filter(Boolean).join(", ");
}

/** @param {Spread | undefined} spread milliseconds @param {number} scale */
function withSpread(spread, scale) {
  if (!spread) return "";
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => shortNumber(value * scale));
  return `${median} (${min} - ${max})`;
}

/** @param {readonly import("./cell-costs.js").CellResults[]} runs */
function cellSections(runs) {
  if (runs.length === 0) return [];
  const intro =
    "What an option or a cell costs: training steps of language models of one shape (two layers of 256, 32 sequences of 64 steps, 64 " +
    "characters) that differ in it alone. All live in one process and take turns, step by step; speed is the median over the rounds. " +
    "Equations and options: [cells.md](cells.md). Again: `npm run bench -- cells`.";
  return ["### Cells and their options", intro, ...runs.map(cellSection)];
}

/** @param {import("./cell-costs.js").CellResults} run */
function cellSection(run) {
  const where = `${run.backend} ${run.instructionSet}, ${run.threads === 1 ? "1 thread" : `${run.threads} threads`}`;
  const about =
    `${where}, Node ${run.node.slice(1)}, ${run.machine.processor}, commit ${run.commit}, ${run.date.slice(0, 10)}; medians of ${run.rounds} ` +
    "rounds with the least and the most." +
    (run.clock === "processor" ? " Times are those of the process on a processor: the machine was shared." : "");
  const lines = run.costs.map(({ what, beside, stepMs, least, most, tokensPerSecond, speed, wanted }) => [
    what,
    `${shortNumber(stepMs)} (${shortNumber(least)} - ${shortNumber(most)})`,
    shortNumber(tokensPerSecond),
    what === beside ? "" : `${speed.toFixed(2)}x ${beside}`,
    wanted === undefined ? "" : `at least ${wanted}x`,
  ]);
  return `${about}\n\n${markdownTable(["", "step, ms", "tokens/s", "speed", "wanted"], lines)}`;
}

/** @param {RecomputeResults} run */
function recomputeSection({ machine, commit, date, repeats, rows }) {
  const lines = rows.map(
    ({ case: name, backend, instructionSet, plain, recomputed, timesTheTime, timesLessMemory }) => [
      `\`${name}\`, ${backend} ${instructionSet}`,
      ...[plain.ms, recomputed.ms].map(shortNumber),
      `${shortNumber(timesTheTime)}x`,
      ...[plain.megabytes, recomputed.megabytes].map(shortNumber),
      `${shortNumber(timesLessMemory)}x`,
    ],
  );
  const heads = ["", "step, ms", "recomputing", "time", "MB of activations", "recomputing", "less memory"];
  const intro =
    `A whole training step by the processor's clock, medians of ${repeats}, and what the recurrent layers keep ` +
    `(${machine.processor}, Node ${rows[0].node.slice(1)}, commit ${commit}, ${date.slice(0, 10)}):`;
  return `### Long sequences: recompute\n\n${intro}\n\n${markdownTable(heads, lines)}`;
}

/** @param {MemoryResults} run */
function memorySection(run) {
  const first = run.samples[0];
  const last = run.samples[run.samples.length - 1];
  const lines = [
    ["JavaScript heap, KiB", kib(first.jsHeapBytes), kib(last.jsHeapBytes)],
    ["living tensors, KiB", kib(first.tensorBytes), kib(last.tensorBytes)],
    ["kernels' heap, KiB", kib(first.reservedBytes), kib(last.reservedBytes)],
    ["resident memory, MB", shortNumber(first.rssMb), shortNumber(last.rssMb)],
  ];
  const heads = ["", `after ${shortNumber(first.step)} steps`, `after ${shortNumber(last.step)} steps`];
  const intro =
    `${shortNumber(run.steps)} training steps of batches and lengths that change every time, with evaluation and generation in ` +
    `between (Node ${run.node.slice(1)}, commit ${run.commit}, ${run.date.slice(0, 10)}):`;
  return `### Memory over many steps, ${run.backend}\n\n${intro}\n\n${markdownTable(heads, lines)}`;
}

/** @param {number} bytes */
function kib(bytes) {
  return shortNumber(bytes / 1024);
}

/** @param {readonly string[]} heads @param {readonly (readonly string[])[]} rows */
function markdownTable(heads, rows) {
  const rule = heads.map((_, column) => (column === 0 ? "---" : "---:"));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
