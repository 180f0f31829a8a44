import { Adam, clipGradNorm, crossEntropy, engine, LanguageModel } from "@hiddenstate/core";
import { engineOptions } from "./engine-options.js";
import { commit, load, machine } from "./machine.js";
import { saveResults } from "./results.js";
import { shortNumber, table } from "./table.js";
import { batchOfTokens } from "./work.js";

/**
 * What an option or a cell costs: training steps of language models that differ in it alone.
 *
 * @typedef {object} CellCost
 * @property {string} what
 * @property {string} beside the variant that it is compared with
 * @property {number} stepMs median
 * @property {number} least
 * @property {number} most
 * @property {number} tokensPerSecond
 * @property {number} speed of `beside`, as a factor: the median over the rounds of its time divided by this one's
 * @property {number} [wanted] the least speed that we set ourselves
 *
 * @typedef {object} CellResults
 * @property {"cells"} kind
 * @property {string} date
 * @property {string} commit
 * @property {string} node
 * @property {string} backend
 * @property {string} instructionSet
 * @property {number} threads
 * @property {"wall" | "processor"} clock
 * @property {number} rounds
 * @property {string} shape
 * @property {import("./machine.js").Machine} machine
 * @property {{ before: number, after: number }} load
 * @property {CellCost[]} costs
 */

/** @type {{ what: string, beside: string, wanted?: number, options: import("@hiddenstate/core").LanguageModelArchitecture }[]} */
const variants = [
  { what: "LSTM", beside: "LSTM", options: { cell: "lstm" } },
  { what: "layer normalisation", beside: "LSTM", wanted: 0.6, options: { cell: "lstm", layerNorm: true } },
  { what: "recurrent dropout", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", recurrentDropout: 0.2 } },
  {
    what: "variational dropout",
    beside: "LSTM",
    wanted: 0.8,
    options: { cell: "lstm", recurrentDropout: 0.2, variational: true },
  },
  { what: "projection to half", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", projection: 128 } },
  { what: "peepholes", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", peepholes: true } },
  { what: "coupled gates", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", coupledGates: true } },
  { what: "learned state", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", learnedState: true } },
  { what: "residual connections", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", residual: true } },
  { what: "tied embeddings", beside: "LSTM", wanted: 0.8, options: { cell: "lstm", tied: true } },
  { what: "GRU", beside: "GRU", options: { cell: "gru" } },
  { what: "GRU, layer normalisation", beside: "GRU", options: { cell: "gru", layerNorm: true } },
  { what: "minGRU", beside: "GRU", wanted: 1.5, options: { cell: "mingru" } },
  { what: "minLSTM", beside: "GRU", options: { cell: "minlstm" } },
];

const shape = { layers: 2, hidden: 256, batch: 32, steps: 64, vocabulary: 64, lengths: null };
const warmUps = 4;

/**
 * All variants live at once and take turns, step by step, so that whatever else the machine does meets all of them.
 *
 * @param {{ rounds: number, clock: "wall" | "processor", json?: boolean, save?: string } & import("./engine-options.js").EngineChoice} options
 */
export async function cellCosts(options) {
  const { rounds, clock, json, save, threads = 1 } = options;
  const loadBefore = load();
  const info = await engine.init({ seed: 0, ...engineOptions(options) });
  const now = clock === "processor" ? processorMs : () => performance.now();
  const works = variants.map(({ options: architecture }) => trainingStep(architecture));
  for (const work of works) for (let i = 0; i < warmUps; i++) work();
  /** @type {number[][]} */
  const times = variants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    works.forEach((work, v) => {
      // Others had the caches meanwhile.
      work();
      const start = now();
      work();
      work();
      times[v].push((now() - start) / 2);
    });
  }
  engine.close();

  const costs = variants.map(({ what, beside, wanted }, v) => {
    const base = times[variants.findIndex((one) => one.what === beside)];
    const stepMs = median(times[v]);
    return {
      what,
      beside,
      stepMs: rounded(stepMs),
      least: rounded(Math.min(...times[v])),
      most: rounded(Math.max(...times[v])),
      tokensPerSecond: Math.round((shape.steps * shape.batch * 1e3) / stepMs),
      speed: rounded(median(times[v].map((time, round) => base[round] / time))),
      ...(wanted !== undefined && { wanted }),
    };
  });
  if (json) {
    for (const cost of costs) console.log(JSON.stringify(cost));
  } else {
    const cells = costs.map(({ what, beside, stepMs, least, most, tokensPerSecond, speed, wanted }) => [
      what,
      `${shortNumber(stepMs)} (${shortNumber(least)} - ${shortNumber(most)})`,
      shortNumber(tokensPerSecond),
      what === beside ? "" : `${speed.toFixed(2)}x ${beside}`,
      wanted === undefined ? "" : `${wanted}x`,
    ]);
    console.log(table(["2x256, b32, t64, v64", "step ms", "tokens/s", "speed", "wanted"], cells));
  }
  if (save) {
    /** @type {CellResults} */
    const results = {
      kind: "cells",
      date: new Date().toISOString(),
      commit: commit(),
      node: process.version,
      backend: info.backend,
      instructionSet: info.instructionSet,
      threads,
      clock,
      rounds,
      shape: "2x256-b32-t64-v64",
      machine: machine(),
      load: { before: loadBefore, after: load() },
      costs,
    };
    saveResults(save, results);
  }
}

/** @param {import("@hiddenstate/core").LanguageModelArchitecture} architecture */
function trainingStep(architecture) {
  const { layers, hidden, vocabulary } = shape;
  const model = new LanguageModel({ vocabularySize: vocabulary, hidden, layers, dropout: 0, ...architecture });
  const adam = new Adam(model.parameters(), { lr: 1e-3 });
  const [ids, targets] = batchOfTokens(shape);
  return () =>
    engine.scope(() => {
      adam.zeroGrad();
      crossEntropy(model.forward(ids).logits, targets).backward();
      clipGradNorm(model.parameters(), 1);
      adam.step();
    });
}

/** Time that this process was on processors: the same however busy the machine is. */
function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** Four digits: more than the machine's noise allows. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(4));
}
