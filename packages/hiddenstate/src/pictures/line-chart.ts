import { drawPicture } from "./draw-picture.ts";
import type { Picture } from "./picture.ts";

/** A line through points, with the spread around it where that is known. */
export interface Line {
  name: string;
  /** In the order of x. A y that is not a number leaves a gap. */
  points: readonly { x: number | Date; y: number; low?: number; high?: number }[];
  /** Default false. */
  dashed?: boolean;
  /** The line whose colour it has, such as that of the measurement a theory is beside; the legend then leaves it out. */
  colorOf?: string;
}

export interface LineChartOptions {
  title: string;
  subtitle?: string;
  caption?: string;
  /** What the axes show, with units. */
  x: string;
  y: string;
  lines: readonly Line[];
  /** Logarithmic axes. Default false. */
  logX?: boolean;
  logY?: boolean;
  /** Marked by a dotted line across: thresholds, say. */
  levels?: readonly { y: number; name: string }[];
  width?: number;
  height?: number;
}

/**
 * Lines over a common axis, each in its colour, with a band from `low` to `high` where points have them.
 *
 * @example
 * await lineChart({ title: "Held-out loss", x: "step", y: "nats", lines: [{ name: "LSTM", points: [{ x: 100, y: 2.1 }] }] });
 */
export async function lineChart(options: LineChartOptions): Promise<Picture> {
  const { title, subtitle, caption, lines, levels = [], logX = false, logY = false } = options;
  const rows = lines.flatMap(({ name, colorOf = name, points }) =>
    points.map((point) => ({ name, colorOf, ...point })),
  );
  const named = lines.flatMap(({ name, colorOf }) => (colorOf === undefined ? [name] : []));
  const shown = rows.filter(({ y }) => !logY || !(y <= 0));
  const banded = shown.filter(({ low, high }) => low !== undefined && high !== undefined && !(logY && low <= 0));
  return drawPicture((plot) => ({
    title,
    subtitle,
    caption,
    width: options.width,
    height: options.height ?? 360,
    marginLeft: 56,
    marginRight: 24,
    marginTop: 26,
    marginBottom: 38,
    x: { label: options.x, type: logX ? "log" : undefined, ...(logX && { ticks: 6, tickFormat: powerLabel }) },
    y: {
      label: options.y,
      type: logY ? "log" : undefined,
      grid: true,
      nice: true,
      ...(logY && { ticks: 6, tickFormat: powerLabel }),
    },
    color: { legend: named.length > 1, domain: named },
    marks: [
      plot.areaY(banded, { x: "x", y1: "low", y2: "high", z: "name", fill: "colorOf", fillOpacity: 0.15 }),
      ...lines.map(({ name, dashed = false }) =>
        plot.lineY(
          shown.filter((row) => row.name === name),
          { x: "x", y: "y", stroke: "colorOf", strokeWidth: 2, strokeDasharray: dashed ? "5 4" : undefined },
        ),
      ),
      plot.dot(
        lines.flatMap(({ name, points }) => (points.length <= 24 ? shown.filter((row) => row.name === name) : [])),
        { x: "x", y: "y", fill: "colorOf", r: 3 },
      ),
      plot.ruleY(levels, { y: "y", stroke: "#80868e", strokeDasharray: "2 3" }),
      plot.text(levels, { y: "y", text: "name", frameAnchor: "right", dy: -7, fill: "#5a6068" }),
    ],
  }));
}

/** A number short enough to stand beside a logarithmic axis: 0.001, 100, 20k, 1M, 1e-6. */
function powerLabel(value: number): string {
  if (value < 1e-3 || value >= 1e9) return value.toExponential().replace("e+", "e");
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e4 ? `${value / 1e3}k` : String(value);
}
