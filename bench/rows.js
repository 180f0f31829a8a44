import { parseCase, standardCases } from "./cases.js";
import { addRatios, conduct } from "./conduct.js";
import { ourselves, peers } from "./contenders.js";
import { engineOptions, explained } from "./engine-options.js";
import { UsageError } from "./usage-error.js";
import { commit, load, machine, quiet } from "./machine.js";
import { saveResults } from "./results.js";
import { shortNumber, table } from "./table.js";

/**
 * @typedef {import("./cases.js").Case} Case
 * @typedef {import("./conduct.js").Row} Row
 */

/**
 * @typedef {object} RowsOptions
 * @property {Case[]} [case]
 * @property {string} backend
 * @property {string} [instructionSet]
 * @property {number} threads
 * @property {number} repeats
 * @property {boolean} [undisturbed]
 * @property {boolean} [json]
 * @property {boolean} peers
 * @property {string[]} [alsoNode]
 * @property {string} [save]
 */

const mostMinutesOfWaiting = 30;

/**
 * Measures the cases one after the other and prints each when it is done.
 * @param {RowsOptions} options
 */
export async function rows(options) {
  const { threads, repeats, json, save, undisturbed = false } = options;
  if (undisturbed && threads > 1)
    throw new UsageError("--undisturbed works for one thread only; leave it or --threads out");
  const shapes = options.case ?? standardCases.map((name) => /** @type {Case} */ (parseCase(name)));
  const nodes = [process.execPath, ...(options.alsoNode ?? [])];
  const say = (/** @type {string} */ text) => (json ? console.error(text) : console.log(text));
  const present = options.peers ? presentPeers(say) : [];
  const started = new Date();
  const loadBefore = load();
  const measuredCommit = commit();
  /** @type {Row[]} */
  const all = [];

  for (const shape of shapes) {
    const contenders = [
      ...nodes.map((node) => ourselves(shape, { node, threads, engineOptions: engineOptions(options) })),
      ...present.flatMap((peer) =>
        (peer.runsOnNode ? nodes : nodes.slice(0, 1)).map((node) => peer.contender(shape, threads, node)),
      ),
    ].filter((contender) => contender !== null);
    let measured;
    if (undisturbed) await quiet(mostMinutesOfWaiting);
    try {
      measured = await conduct(shape, contenders, { repeats, undisturbed, complain: (text) => console.error(text) });
    } catch (error) {
      throw explained(error);
    }
    addRatios(measured);
    if (json) for (const row of measured) console.log(JSON.stringify(row));
    else console.log(`\n${caseTable(shape, measured)}`);
    all.push(...measured);
    if (save) {
      // After each case: a run that is stopped leaves what it has.
      /** @type {import("./report.js").Results} */
      const results = {
        kind: "rows",
        date: started.toISOString(),
        minutes: Math.round((Date.now() - started.getTime()) / 6e4),
        commit: measuredCommit,
        machine: machine(),
        load: { before: loadBefore, after: load() },
        repeats,
        undisturbed,
        rows: all,
      };
      saveResults(save, results);
    }
  }
}

/** Those that are installed; says once which are not. @param {(text: string) => void} say */
function presentPeers(say) {
  const present = peers.filter((peer) => peer.isInstalled());
  const absent = peers.filter((peer) => !present.includes(peer)).map((peer) => peer.name);
  if (absent.length > 0) {
    say(`not installed, so not measured: ${absent.join(", ")}; bench/peers/README.md says how to install them`);
  }
  return present;
}

/**
 * @param {Case} shape
 * @param {readonly Row[]} measured
 */
function caseTable(shape, measured) {
  const cells = measured.map((row) => [
    [row.peer, row.backend, row.instructionSet, row.node && `node ${row.node.slice(1)}`].filter(Boolean).join(" "),
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
    shortNumber(row.peakRssMb),
    shortNumber(row.rssAboveIdleMb),
  ]);
  const heads = [
    "",
    "tokens/s",
    "GFLOP/s",
    "step ms",
    "stream us",
    "recurrent us",
    "forward ms",
    "GFLOP/s",
    "int8 us",
    "64 streams us",
    "GFLOP/s",
    "products",
    "peak",
    "processors",
    "peak MB",
    "above idle",
  ];
  const { threads } = measured[0];
  const title = `${shape.name}, ${threads} thread${threads === 1 ? "" : "s"}; medians (least - most)`;
  return [title, table(heads, cells), ...measured.flatMap(ratios), ...measured.flatMap(shares)].join("\n");
}

/** @param {import("./timing.js").Spread | undefined} spread milliseconds @param {number} scale */
function withSpread(spread, scale) {
  if (!spread) return "";
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => shortNumber(value * scale));
  return `${median} (${min} - ${max})`;
}

/** How near our row comes to what a core can do, a line. @param {Row} row */
function shares({ peer, node, threads, peakGflops, poolGflops, productsGflops }) {
  if (!peakGflops || threads > 1) return [];
  const percent = (/** @type {number | undefined} */ gflops) => `${shortNumber((100 * (gflops ?? 0)) / peakGflops)} %`;
  return [
    `${peer} (node ${node?.slice(1)}) of a core's peak: 64 streams ${percent(poolGflops)}, a training step's products ${percent(productsGflops)}`,
  ];
}

/** How many times as fast our row is as each peer, a line each. @param {Row} row */
function ratios({ peer, node, times = {} }) {
  return Object.entries(times).map(([other, phases]) => {
    const list = Object.entries(phases).map(([phase, ratio]) => `${phase} ${shortNumber(ratio)}x`);
    return `${peer} (node ${node?.slice(1)}) over ${other}: ${list.join(", ")}`;
  });
}
