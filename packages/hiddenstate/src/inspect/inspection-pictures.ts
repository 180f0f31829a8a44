import type { FollowedUnit, InspectionReport, RecurrentMatrix } from "@hiddenstate/core";
import { drawPicture, seriesColors } from "../pictures/draw-picture.ts";
import { lineChart } from "../pictures/line-chart.ts";
import type { Picture } from "../pictures/picture.ts";
import { levelOf, visible } from "./followed-lines.ts";
import type { ModelInspection } from "./inspect-model.ts";
import { placeOf } from "./page.ts";
import { unitColor } from "./unit-color.ts";

/** A picture with the name of its file. */
export interface NamedPicture {
  name: string;
  picture: Picture;
}

/** Everything of an inspection that can be drawn. */
export async function inspectionPictures({
  report,
  matrices,
  training,
  followed,
}: ModelInspection): Promise<NamedPicture[]> {
  const pictures: NamedPicture[] = [];
  const add = async (name: string, drawing: Promise<Picture>): Promise<void> => {
    pictures.push({ name, picture: await drawing });
  };
  if (report) {
    await add("gradient-flow", drawFlow(report));
    if (!("without" in report.useOfThePast)) await add("use-of-the-past", drawPast(report));
  }
  if (matrices) await add("eigenvalues", drawEigenvalues(matrices));
  if (report) {
    await add("gate-saturation", drawSaturation(report));
    if (report.gates.layers[0].timeConstants) await add("time-constants", drawTimeConstants(report));
    await add("gates-over-time", drawOverTime(report));
  }
  if (followed) await add("unit", drawUnit(followed));
  if (training) {
    await add("gradient-norm", drawNorms(training));
    if (training.updateRatio) await add("update-ratio", drawUpdates(training));
  }
  return pictures;
}

function drawFlow({ gradientFlow, unit, advice }: InspectionReport): Promise<Picture> {
  const lines = gradientFlow.layers.flatMap(({ layer, direction, hidden, cell }) => {
    const line = (
      name: string,
      norms: number[],
      dashed: boolean,
    ): { name: string; dashed: boolean; points: { x: number; y: number }[] } => ({
      name: `${placeOf(layer, direction)}, ${name}`,
      dashed,
      points: norms.map((norm, k) => ({ x: k, y: norm / norms[0] })),
    });
    return [line("h", hidden, false), ...(cell ? [line("c", cell, true)] : [])];
  });
  return lineChart({
    title: "Gradient flow",
    subtitle: `Norm of dL(t)/dh(t-k) and dL(t)/dc(t-k) by lag k, against k = 0. ${advice.sentences[0]}`,
    x: `lag k, ${unit}`,
    y: "share of the norm at lag 0",
    lines,
    logY: true,
    levels: [{ y: 0.01, name: "a hundredth: the memory horizon" }],
  });
}

function drawPast({ useOfThePast, unit }: InspectionReport): Promise<Picture> {
  if ("without" in useOfThePast) throw new Error(useOfThePast.without);
  const { contexts, tolerance } = useOfThePast;
  const points = contexts.map(({ context, excess, error }) => ({
    x: context,
    y: excess,
    low: excess - 2 * error,
    high: excess + 2 * error,
  }));
  return lineChart({
    title: "Use of the past",
    subtitle: `What the loss rises by when only ${useOfThePast.cut} are read, with two standard errors. Effective context: ${useOfThePast.uses}.`,
    x: `context k, ${unit}`,
    y: "excess of the loss",
    lines: [{ name: "excess", points }],
    logX: true,
    levels: [{ y: tolerance, name: "1 %" }],
  });
}

/** Eigenvalues in the complex plane, with the circle inside of which powers vanish. */
function drawEigenvalues(matrices: readonly RecurrentMatrix[]): Promise<Picture> {
  const dots = matrices.flatMap(({ layer, direction, gate, eigenvalues: { real, imaginary } }) =>
    real.map((x, i) => ({ place: placeOf(layer, direction), gate, x, y: imaginary[i] })),
  );
  const gates = [...new Set(matrices.map(({ gate }) => gate))];
  const places = [...new Set(dots.map(({ place }) => place))];
  const reach = 1.08 * matrices.reduce((far, { spectralRadius }) => Math.max(far, spectralRadius), 1);
  const circle = Array.from({ length: 65 }, (_, i) => ({
    x: Math.cos((i * Math.PI) / 32),
    y: Math.sin((i * Math.PI) / 32),
  }));
  const size = 170;
  return drawPicture((plot) => ({
    title: "Eigenvalues of the recurrent matrices",
    subtitle: "Of W_hh, gate by gate. Inside the unit circle powers of a matrix vanish, outside they explode.",
    width: 130 + size * gates.length,
    height: 84 + size * places.length,
    marginTop: 44,
    marginLeft: 60,
    marginRight: 70,
    marginBottom: 40,
    x: { label: "real part", labelAnchor: "center", domain: [-reach, reach], ticks: 3 },
    y: { label: "imaginary part", labelAnchor: "center", domain: [-reach, reach], ticks: 3 },
    fx: { label: null, domain: gates, padding: 0.06 },
    fy: { label: null, domain: places, padding: 0.06 },
    color: { domain: gates, range: [...seriesColors] },
    marks: [
      plot.frame({ stroke: "#d9dce1" }),
      plot.line(circle, { x: "x", y: "y", stroke: "#80868e", strokeWidth: 1 }),
      plot.dot(dots, { x: "x", y: "y", fx: "gate", fy: "place", fill: "gate", fillOpacity: 0.5, r: 1.8 }),
    ],
  }));
}

const short = (share: number): string => String(share);

/** As figure 3 of Karpathy et al. 2015: one dot a unit. */
function drawSaturation({ gates, model }: InspectionReport): Promise<Picture> {
  // The candidate of a minimal cell goes through no sigmoid or tanh: it has no ends.
  const endless = model.cell === "mingru" || model.cell === "minlstm" ? "candidate" : null;
  const names = Object.keys(gates.layers[0].gates).filter((name) => name !== endless);
  const dots = gates.layers.flatMap(({ layer, direction, gates: byName }) =>
    names.flatMap((gate) => {
      const { low, high } = byName[gate].units;
      return low.map((share, unit) => ({ place: placeOf(layer, direction), gate, low: share, high: high[unit] }));
    }),
  );
  return drawPicture((plot) => ({
    title: "Saturation of gates",
    subtitle:
      "One dot a unit: the share of steps at which its gate is open (above 0.9) and shut (below 0.1; candidates and states beyond ±0.9). " +
      "On the diagonal a gate is a switch; near the origin it is never decided.",
    height: 90 + 170 * gates.layers.length,
    width: Math.max(420, 120 + 160 * names.length),
    marginTop: 44,
    marginLeft: 60,
    marginRight: 70,
    marginBottom: 40,
    x: { label: "share of steps high", labelAnchor: "center", domain: [0, 1], ticks: [0, 0.5, 1], tickFormat: short },
    y: { label: "share of steps low", labelAnchor: "center", domain: [0, 1], ticks: [0, 0.5, 1], tickFormat: short },
    fx: { label: null, domain: names, padding: 0.14 },
    fy: { label: null },
    color: { domain: names, range: [...seriesColors] },
    marks: [
      plot.frame({ stroke: "#d9dce1" }),
      plot.link([{ x1: 0, y1: 1, x2: 1, y2: 0 }], { x1: "x1", y1: "y1", x2: "x2", y2: "y2", stroke: "#d9dce1" }),
      plot.dot(dots, { x: "high", y: "low", fx: "gate", fy: "place", fill: "gate", fillOpacity: 0.45, r: 2.5 }),
    ],
  }));
}

function drawTimeConstants({ gates, model, unit }: InspectionReport): Promise<Picture> {
  return lineChart({
    title: "How long units keep what they hold",
    subtitle: `1 / (1 - mean ${model.cell === "lstm" ? "forget" : "update"} gate) of each unit, in rising order.`,
    x: "units, share of all",
    y: unit,
    logY: true,
    lines: gates.layers.map(({ layer, direction, timeConstants }) => {
      const sorted = timeConstants!.toSorted((a, b) => a - b).filter(Number.isFinite);
      return {
        name: placeOf(layer, direction),
        points: sorted.map((y, i) => ({ x: (i + 0.5) / sorted.length, y })),
      };
    }),
  });
}

function drawOverTime({ gates, unit }: InspectionReport): Promise<Picture> {
  const most = 300;
  const { layers } = gates;
  return lineChart({
    title: "Gates over time",
    subtitle: `Mean over the units of ${placeOf(layers.length === 1 ? 0 : layers.at(-1)!.layer, layers.at(-1)!.direction)}, step by step.`,
    x: unit,
    y: "mean",
    lines: Object.entries(layers.at(-1)!.gates)
      // Candidates of all units together are near 0 whatever happens.
      .filter(([name]) => name !== "candidate")
      .map(([name, { overTime }]) => ({
        name,
        points: overTime.slice(0, most).map((y, x) => ({ x, y })),
      })),
  });
}

function drawNorms({ course, clip }: NonNullable<ModelInspection["training"]>): Promise<Picture> {
  return lineChart({
    title: "Gradient norm while training",
    subtitle: "Mean global norm before clipping, reading by reading.",
    x: "step",
    y: "norm",
    logY: true,
    lines: [{ name: "norm", points: course.map(({ step, gradientNorm }) => ({ x: step, y: gradientNorm })) }],
    levels: [{ y: clip, name: `clipped at ${clip}` }],
  });
}

function drawUpdates({ course }: NonNullable<ModelInspection["training"]>): Promise<Picture> {
  return lineChart({
    title: "Update against weight while training",
    subtitle: "How far a step moves all parameters, for their size. About 0.001 is usual.",
    x: "step",
    y: "|Δθ| / |θ|",
    logY: true,
    lines: [{ name: "ratio", points: course.map(({ step, updateRatio }) => ({ x: step, y: updateRatio ?? NaN })) }],
    levels: [{ y: 1e-3, name: "0.001" }],
  });
}

/** The text in rows, each piece on the colour of its value. */
function drawUnit(followed: FollowedUnit): Promise<Picture> {
  const { layer, unit, signal, pieces } = followed;
  const [columns, cell] = [64, 11];
  let [column, row] = [0, 0];
  const cells = pieces.map((piece, i) => {
    const text = visible(piece);
    const wide = Array.from(text).length;
    if (column > 0 && column + wide > columns) [column, row] = [0, row + 1];
    const [red, green, blue] = unitColor(levelOf(followed, i));
    const place = {
      text,
      x1: column,
      x2: column + wide,
      middle: column + wide / 2,
      y1: row,
      y2: row + 1,
      row: row + 0.5,
    };
    column += wide;
    return { ...place, fill: `rgb(${red},${green},${blue})` };
  });
  return drawPicture((plot) => ({
    title: "A unit at work",
    subtitle: `${placeOf(layer, "forward")}, unit ${unit + 1}, ${signal}: blue low (${followed.scale[0]}), orange high (${followed.scale[1]}).`,
    width: columns * cell + 16,
    height: (row + 1) * 22 + 16,
    margin: 8,
    x: { domain: [0, columns], axis: null },
    y: { domain: [0, row + 1], axis: null, reverse: true },
    color: { type: "identity" },
    marks: [
      plot.rect(cells, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: "fill", insetTop: 1, insetBottom: 1 }),
      plot.text(cells, {
        x: "middle",
        y: "row",
        text: "text",
        fill: "#1b1e23",
        fontSize: 13,
        fontFamily: "DejaVu Sans Mono, monospace",
      }),
    ],
  }));
}
