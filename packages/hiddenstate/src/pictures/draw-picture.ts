import type * as Plot from "@observablehq/plot";
import { type Legend, legendOf } from "./legend.ts";
import { escapeMarkup, Picture } from "./picture.ts";
import { wrapText } from "./text-width.ts";

export type PlotLibrary = typeof Plot;

/** What is drawn: all that Observable Plot takes, under a title. `color: { legend: true }` draws the legend of colours. */
export interface Drawing extends Omit<
  Plot.PlotOptions,
  "title" | "subtitle" | "caption" | "document" | "figure" | "style"
> {
  title: string;
  /** A sentence or two that say what to see. */
  subtitle?: string;
  /** Where it is from. */
  caption?: string;
}

/** Distinguishable by colour-blind people too (Okabe and Ito 2008), in the order of need. */
export const seriesColors: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#000000",
  "#999999",
];

/**
 * Draws with Observable Plot. The library is loaded when something is first drawn, and handed to `draw`, which makes marks of it.
 *
 * @example
 * const picture = await drawPicture((plot) => ({
 *   title: "Forget gates",
 *   x: { label: "unit" },
 *   marks: [plot.barY(means, { x: "unit", y: "mean" }), plot.ruleY([0])],
 * }));
 */
export async function drawPicture(draw: (plot: PlotLibrary) => Drawing): Promise<Picture> {
  const [plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const { title, subtitle, caption, ...options } = draw(plot);
  const { color, ...rest } = options;
  const { legend, ...scale } = color ?? {};
  const width = options.width ?? 720;
  const figure = plot.plot({
    ...rest,
    width,
    document,
    style: { fontSize: "12px" },
    color: scale.range || scale.scheme || scale.type === "linear" ? scale : { range: [...seriesColors], ...scale },
  });
  const drawing: Drawn = { markup: figure.outerHTML, width, height: Number(figure.getAttribute("height")) };
  return lay(
    { title, subtitle, caption },
    drawing,
    legend ? legendOf(plot, document, figure, { width, label: scale.label ?? "" }) : null,
  );
}

/** A drawing that is to stand under a title. */
interface Drawn extends Legend {
  width: number;
}

const margin = 16;

/** Title, subtitle, legend, drawing and caption, one below the other. */
function lay(texts: Pick<Drawing, "title" | "subtitle" | "caption">, drawing: Drawn, legend: Legend | null): Picture {
  const width = drawing.width + 2 * margin;
  const parts: string[] = [];
  let y = margin;
  const write = (text: string, size: number, style: string): void => {
    for (const line of wrapText(text, width - 2 * margin, size)) {
      y += Math.round(size * 1.3);
      parts.push(
        `<text x="${margin}" y="${y - Math.round(size * 0.3)}" font-size="${size}" ${style}>${escapeMarkup(line)}</text>`,
      );
    }
  };
  write(texts.title, 17, 'font-weight="bold" fill="#1b1e23"');
  if (texts.subtitle) write(texts.subtitle, 12.5, 'fill="#5a6068"');
  y += 8;
  if (legend) {
    parts.push(`<g transform="translate(${margin},${y})">${legend.markup}</g>`);
    y += legend.height + 6;
  }
  parts.push(`<g transform="translate(${margin},${y})">${drawing.markup}</g>`);
  y += drawing.height;
  if (texts.caption) write(texts.caption, 11, 'fill="#80868e"');
  return new Picture(texts.title, parts.join(""), width, y + margin);
}
