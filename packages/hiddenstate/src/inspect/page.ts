import type { GateSummary, InspectionReport, LayerGates, LyapunovExponents, RecurrentMatrix } from "@hiddenstate/core";
import { perplexityTolerance, quantile } from "@hiddenstate/core";
import { cellName } from "../cell-name.ts";
import { count, significant } from "../format.ts";
import { namesThenNumbers, textTable } from "../text-table.ts";
import type { ModelInspection } from "./inspect-model.ts";
import { textHistogram } from "./text-histogram.ts";

/** One part of the page: a heading, what it shows in a few words, a table, and sentences. */
export interface PageSection {
  title: string;
  about: string;
  table: string[];
  sentences: string[];
}

/** What inspection found, to be read in one go, ending with what window the training should use. */
export function inspectionPage(found: ModelInspection): { head: string[]; sections: PageSection[] } {
  const { report, matrices, training, folder } = found;
  const sections: PageSection[] = [];
  if (report) {
    sections.push(gradientFlowSection(report), pastSection(report), lyapunovSection(report));
  }
  if (matrices) sections.push(matrixSection(matrices));
  if (report) sections.push(...gateSections(report));
  sections.push(trainingSection(training));
  if (report)
    sections.push({
      title: "Window",
      about: "what the training should use",
      table: [],
      sentences: report.advice.sentences,
    });
  else {
    sections.push({
      title: "Data",
      about: "",
      table: [],
      sentences: [
        `Give data as well (hiddenstate inspect ${folder} DATA), and this page says how far gradients reach, how much of the past ` +
          "predictions use, what gates do, and what window the training should use.",
      ],
    });
  }
  return { head: head(found), sections };
}

function head({ folder, report }: ModelInspection): string[] {
  if (!report) return [folder];
  const { cell, layers, hiddenSize, bidirectional, recurrentParameters } = report.model;
  const kind = `${bidirectional ? "bidirectional " : ""}${cellName(cell)}`;
  const shape = `${layers === 1 ? "1 layer" : `${layers} layers`} of ${hiddenSize} units`;
  return [
    `${folder}: ${kind}, ${shape}, ${count(recurrentParameters)} recurrent parameters, on ${count(report.steps)} ${report.unit}`,
    ...report.notices.map((notice) => `note: ${notice}`),
  ];
}

function gradientFlowSection({ gradientFlow }: InspectionReport): PageSection {
  const { layers, horizons, lags, note } = gradientFlow;
  const shown = [0, ...powers(lags)];
  const rows = layers.flatMap(({ layer, direction, hidden, cell }, i) => {
    const line = (name: string, norms: number[], horizon: { steps: number; open: boolean }): string[] => [
      name,
      ...shown.map((lag) => share(norms[lag] / norms[0])),
      `${horizon.open ? "over " : ""}${count(horizon.steps)}`,
    ];
    const place = placeOf(layer, direction);
    const { hidden: ofHidden, cell: ofCell } = horizons[i];
    return [
      line(`${place}  h`, hidden, ofHidden),
      ...(cell && ofCell ? [line(`${" ".repeat(place.length)}  c`, cell, ofCell)] : []),
    ];
  });
  const { rows: measured } = layers[0];
  return {
    title: "Gradient flow",
    about: `|dL(t)/dh(t-k)| against k = 0, mean of ${count(measured[0])} losses; horizon: the last k at a hundredth`,
    table: textTable(namesThenNumbers(["k", ...shown.map(String), "horizon"]), rows),
    sentences: note === null ? [] : [note],
  };
}

function pastSection({ useOfThePast: past }: InspectionReport): PageSection {
  const title = "Use of the past";
  if ("without" in past) return { title, about: "", table: [], sentences: [capital(past.without)] };
  const { contexts, full, effective, examples, tolerance } = past;
  const verdict =
    effective === null
      ? `Effective context: ${past.uses}.`
      : `Effective context: ${past.uses}; more changes ${tolerance === perplexityTolerance ? "perplexity" : "the loss"} by less than 1 %.`;
  return {
    title,
    about: `the loss when only ${past.cut} are read, ${count(examples)} predictions`,
    table: textTable(namesThenNumbers(["k", ...contexts.map(({ context }) => String(context)), "all"]), [
      ["loss", ...contexts.map(({ loss }) => loss.toFixed(3)), full.toFixed(3)],
      ["excess", ...contexts.map(({ excess }) => signed(excess)), ""],
      ["±", ...contexts.map(({ error }) => error.toFixed(3)), ""],
    ]),
    sentences: [verdict],
  };
}

function lyapunovSection({ lyapunov, unit }: InspectionReport): PageSection {
  const title = "Lyapunov exponent";
  if ("without" in lyapunov) return { title, about: "", table: [], sentences: [capital(lyapunov.without)] };
  return {
    title,
    about: "growth of small differences of the state",
    table: [],
    sentences: [describeExponent(lyapunov, unit)],
  };
}

function describeExponent(found: LyapunovExponents & { stability: string }, unit: string): string {
  const [rate, error] = [found.exponents[0], found.errors[0]];
  const one = unit.replace(/s$/, "");
  if (rate === -Infinity) return "Nothing is left of a difference after a few steps: the state forgets at once.";
  const steps = Math.LN2 / Math.abs(rate);
  const halving = `a small difference ${rate < 0 ? "halves" : "doubles"} every ${steps < 10 ? significant(steps) : count(steps)} ${unit}`;
  const meaning = { shrinking: halving, stable: "differences stay about as they are", exploding: halving }[
    found.stability
  ];
  return `${signed(rate)} ± ${error.toFixed(3)} nats per ${one}, over ${count(found.steps)}: ${found.stability}, ${meaning}.`;
}

function matrixSection(matrices: readonly RecurrentMatrix[]): PageSection {
  const gates = [...new Set(matrices.map(({ gate }) => gate))];
  const places = [...new Set(matrices.map(({ layer, direction }) => placeOf(layer, direction)))];
  const rows = places.map((place) => [
    place,
    ...gates.map((gate) => {
      const found = matrices.find((one) => one.gate === gate && placeOf(one.layer, one.direction) === place)!;
      return `${found.spectralRadius.toFixed(2)} / ${found.norm.toFixed(2)}`;
    }),
  ]);
  return {
    title: "Recurrent matrices",
    about: "spectral radius / spectral norm of W_hh, gate by gate",
    table: textTable(namesThenNumbers(["", ...gates]), rows, { gap: 3 }),
    sentences: [],
  };
}

function gateSections({ gates, model, unit }: InspectionReport): PageSection[] {
  const names = Object.keys(gates.layers[0].gates);
  const centred = (name: string): boolean => name === "candidate" || name === "state";
  const keeper = { rnn: null, lstm: "forget gate", gru: "update gate", mingru: "update gate", minlstm: "forget gate" }[
    model.cell
  ];
  const rows = gates.layers.flatMap((layer) =>
    names.map((name, i) => [
      i === 0 ? placeOf(layer.layer, layer.direction) : "",
      name,
      ...gateCells(layer.gates[name], centred(name) ? [-1, 1] : [0, 1]),
    ]),
  );
  const placeWidth = Math.max(...gates.layers.map(({ layer, direction }) => placeOf(layer, direction).length)) + 2;
  const named = ([place, gate, ...rest]: string[]): string[] => [place.padEnd(placeWidth) + gate, ...rest];
  const heads = named(["", "gate", "mean", "spread", "low", "high", "units by mean"]);
  const table = textTable(namesThenNumbers(heads), rows.map(named));
  return [
    {
      title: model.cell === "rnn" ? "States" : "Gates",
      about: `over ${count(gates.steps)} ${unit}; ${saturation(model)}`,
      table,
      sentences: [
        ...(keeper === null ? [] : gates.layers.map((layer) => describeMemory(layer, keeper, unit))),
        ...describeStuck(gates.layers),
      ],
    },
  ];
}

function saturation({ cell, nonlinearity }: InspectionReport["model"]): string {
  const sigmoids = "low below 0.1, high above 0.9";
  if (cell === "mingru" || cell === "minlstm") return `${sigmoids}; the candidate has no ends`;
  if (cell !== "rnn") return `${sigmoids}; of the candidate below −0.9 and above 0.9`;
  return nonlinearity === "relu" ? "low: exactly 0" : "low below −0.9, high above 0.9";
}

function gateCells({ mean, spread, low, high, units }: GateSummary, ends: readonly [number, number]): string[] {
  return [
    mean.toFixed(2),
    spread.toFixed(2),
    percent(low),
    percent(high),
    `${String(ends[0]).padStart(2)} ${textHistogram(units.mean, ends)} ${ends[1]}`,
  ];
}

function describeMemory({ layer, direction, timeConstants }: LayerGates, keeper: string, unit: string): string {
  const sorted = timeConstants!.toSorted((a, b) => a - b);
  const at = (part: number): string => significant(quantile(sorted, part));
  const longest = timeConstants!.indexOf(sorted.at(-1)!);
  return (
    `${placeOf(layer, direction)}: the ${keeper} keeps the median unit's state for ${at(0.5)} ${unit}, a tenth of them for over ` +
    `${at(0.9)}, unit ${longest + 1} for ${at(1)}.`
  );
}

function describeStuck(layers: readonly LayerGates[]): string[] {
  const stuck = layers.filter(({ constantUnits }) => constantUnits.length > 0);
  if (stuck.length === 0) return ["No unit is dead or constant."];
  return stuck.map(({ layer, direction, constantUnits, deadUnits }) => {
    const numbers = constantUnits.slice(0, 8).map((unit) => unit + 1);
    const more = constantUnits.length > 8 ? ", ..." : "";
    const dead = deadUnits.length === 0 ? "none of them dead" : `${deadUnits.length} of them dead`;
    const what = constantUnits.length === 1 ? "1 constant unit" : `${constantUnits.length} constant units`;
    return `${placeOf(layer, direction)}: ${what} (${numbers.join(", ")}${more}), ${dead}.`;
  });
}

function trainingSection(training: ModelInspection["training"]): PageSection {
  const title = "Training";
  if (!training)
    return {
      title,
      about: "",
      table: [],
      sentences: ["The folder has no record of the training (training/metrics.jsonl)."],
    };
  const { gradientNorm: norm, clipped, clippedLately, clip, updateRatio, updateRatios, steps } = training;
  const bite =
    clipped > 0.5
      ? "so the clip more than the learning rate decided how far steps went"
      : clipped < 0.01
        ? "so the clip hardly ever bit"
        : "so the clip cut off the largest";
  const norms = training.course.map(({ gradientNorm }) => Math.log(Math.max(gradientNorm, Number.MIN_VALUE)));
  const ends = [Math.min(...norms), Math.max(...norms)] as const;
  const [least, most] = ends.map((end) => significant(Math.exp(end)));
  const table =
    ends[0] < ends[1] ? [`readings by gradient norm  ${least} ${textHistogram(norms, ends, 24)} ${most}`] : [];
  const sentences = [
    `Gradient norm: median ${significant(norm.median)}, mostly ${significant(norm.low)} to ${significant(norm.high)}, largest ${significant(norm.largest)}.`,
    `Clipped at ${clip}: ${percent(clipped)} of the steps (lately ${percent(clippedLately)}), ${bite}.`,
  ];
  if (updateRatio) {
    const extremes = Object.entries(updateRatios).toSorted(([, a], [, b]) => a - b);
    const [smallest, largest] = [extremes[0], extremes.at(-1)!];
    sentences.push(
      `Update / weight: median ${ratio(updateRatio.median)}, mostly ${ratio(updateRatio.low)} to ${ratio(updateRatio.high)} (about 1e-3 is usual); ` +
        `least ${smallest[0]} ${ratio(smallest[1])}, most ${largest[0]} ${ratio(largest[1])}.`,
    );
  } else sentences.push("Update / weight: not recorded by the version that trained it.");
  return { title, about: `${count(steps)} steps`, table, sentences };
}

/** Layers are counted from 1 on the page. */
export function placeOf(layer: number, direction: "forward" | "reverse"): string {
  return `layer ${layer + 1}${direction === "reverse" ? " ←" : ""}`;
}

/** 1, 2, 4, ... up to `most`. */
function powers(most: number): number[] {
  const result: number[] = [];
  for (let k = 1; k <= most; k *= 2) result.push(k);
  return result;
}

/** A share of lag 0. */
function share(value: number): string {
  if (Number.isNaN(value)) return "";
  if (value === 0 || value >= 9.995) return value.toFixed(0);
  if (value >= 0.0995) return value.toFixed(2);
  return value >= 0.000995 ? value.toFixed(3) : value.toExponential(0);
}

const percent = (part: number): string =>
  `${part > 0 && part < 0.0095 ? (100 * part).toFixed(1) : (100 * part).toFixed(0)} %`;
const signed = (value: number): string =>
  Math.abs(value) < 0.0005 ? "0.000" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const capital = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
const ratio = (value: number): string => value.toExponential(1);
