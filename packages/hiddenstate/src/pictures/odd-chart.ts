import { drawPicture, seriesColors } from "./draw-picture.ts";
import type { Picture } from "./picture.ts";

export interface OddChartOptions {
  title: string;
  subtitle?: string;
  /** What is shown against what, with units. */
  x: string | null;
  y: string;
  points: readonly { x: number | Date; y: number; odd: boolean }[];
  /** What exceeds it is odd; drawn as a line across. */
  threshold?: number | null;
  height?: number;
}

const [usual, odd] = ["#1b1e23", seriesColors[1]];
/** More odd points than that need no large marks. */
const manyOdd = 60;

/**
 * Numbers in their order, with what is odd marked.
 *
 * @example
 * await oddChart({ title: "Surprisal", x: "line", y: "nats a token", points: [{ x: 1, y: 0.4, odd: false }], threshold: 1.2 });
 */
export async function oddChart(options: OddChartOptions): Promise<Picture> {
  const { title, subtitle, points, threshold = null } = options;
  const marked = points.filter((point) => point.odd);
  const levels = threshold === null ? [] : [{ y: threshold, name: "threshold" }];
  return drawPicture((plot) => ({
    title,
    subtitle,
    width: 860,
    height: options.height ?? 260,
    marginLeft: 56,
    marginRight: 24,
    marginTop: 28,
    x: { label: options.x },
    y: { label: options.y, grid: true, nice: true },
    marks: [
      plot.lineY(points, { x: "x", y: "y", stroke: usual, strokeWidth: points.length > 200 ? 0.8 : 1.4 }),
      plot.ruleY(levels, { y: "y", stroke: odd, strokeDasharray: "4 3" }),
      plot.text(levels, { y: "y", text: "name", frameAnchor: "right", dy: -7, fill: odd }),
      plot.dot(marked, { x: "x", y: "y", fill: odd, r: marked.length > manyOdd ? 2.4 : 3.6 }),
    ],
  }));
}
