import { drawPicture } from "./draw-picture.ts";
import type { Picture } from "./picture.ts";

export interface ScatterChartOptions {
  title: string;
  subtitle?: string;
  caption?: string;
  /** What the axes show, with units. */
  x: string;
  y: string;
  points: readonly { x: number; y: number }[];
  /** Draws the line on which both are the same. Default false. */
  diagonal?: boolean;
}

/** More points than that make files heavy and pictures no clearer: of more, evenly many are left out. */
const mostPoints = 4000;

/**
 * Points over two axes of numbers.
 *
 * @example
 * await scatterChart({ title: "Predicted and true", x: "true", y: "predicted", points, diagonal: true });
 */
export async function scatterChart(options: ScatterChartOptions): Promise<Picture> {
  const { title, subtitle, caption, points, diagonal = false } = options;
  const stride = Math.ceil(points.length / mostPoints);
  const shown = points.filter((_, i) => i % stride === 0);
  const all = shown.flatMap(({ x, y }) => [x, y]);
  const ends = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), -Infinity)];
  return drawPicture((plot) => ({
    title,
    subtitle,
    caption,
    width: 560,
    height: 480,
    marginLeft: 64,
    x: { label: options.x, grid: true, nice: true },
    y: { label: options.y, grid: true, nice: true },
    marks: [
      ...(diagonal
        ? [
            plot.line(
              ends.map((end) => ({ x: end, y: end })),
              { x: "x", y: "y", stroke: "#80868e", strokeDasharray: "5 4" },
            ),
          ]
        : []),
      plot.dot(shown, { x: "x", y: "y", fill: "#0072b2", fillOpacity: shown.length > 500 ? 0.3 : 0.6, r: 3 }),
    ],
  }));
}
