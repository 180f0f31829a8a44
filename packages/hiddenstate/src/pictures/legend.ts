import type * as Plot from "@observablehq/plot";
import { escapeMarkup } from "./picture.ts";
import { textWidth } from "./text-width.ts";

/** A legend as SVG. */
export interface Legend {
  markup: string;
  height: number;
}

const [swatchSize, rowHeight, fontSize] = [12, 20, 12];
const [rampWidth, rampHeight, rampSteps] = [260, 46, 64];

/** The legend of a plot's colours: a swatch for each of a few, or a ramp under the label; null where it has none. */
export function legendOf(
  plot: typeof Plot,
  document: Document,
  figure: Plot.Plot,
  { width, label }: { width: number; label: string },
): Legend | null {
  const scale = figure.scale("color");
  if (!scale?.domain) return null;
  const colors = scale.range as readonly string[];
  if (scale.type === "ordinal" || scale.type === "categorical") {
    const names = [...scale.domain].map(String);
    return swatches(
      names.map((name, i) => ({ name, color: colors[i % colors.length] })),
      width,
    );
  }
  return ramp(plot, document, scale, label);
}

/** Coloured squares with names, in rows that fit the width. */
function swatches(entries: readonly { name: string; color: string }[], width: number): Legend {
  let [x, row] = [0, 0];
  const parts = entries.map(({ name, color }) => {
    const wide = swatchSize + 6 + textWidth(name, fontSize) + 16;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    const y = row * rowHeight;
    const markup =
      `<rect x="${x}" y="${y + 2}" width="${swatchSize}" height="${swatchSize}" rx="2" fill="${color}"/>` +
      `<text x="${x + swatchSize + 6}" y="${y + 12}" font-size="${fontSize}" fill="#1b1e23">${escapeMarkup(name)}</text>`;
    x += wide;
    return markup;
  });
  return { markup: parts.join(""), height: (row + 1) * rowHeight };
}

/** All colours in a row above their values. The library's own ramp needs a canvas. */
function ramp(plot: typeof Plot, document: Document, scale: Plot.Scale, label: string): Legend {
  const domain = [...scale.domain!] as number[];
  const [low, high] = [Math.min(...domain), Math.max(...domain)];
  const at = (i: number): number => low + (i / rampSteps) * (high - low);
  const steps = Array.from({ length: rampSteps }, (_, i) => ({ from: at(i), to: at(i + 1), middle: at(i + 0.5) }));
  const figure = plot.plot({
    document,
    width: rampWidth,
    height: rampHeight,
    marginTop: 18,
    marginBottom: 20,
    marginLeft: 12,
    marginRight: 12,
    style: { fontSize: "11px" },
    x: { domain: [low, high], label: null, ticks: 5, tickSize: 0 },
    y: { axis: null },
    color: scale,
    marks: [
      // Half a pixel over the next one, so that no seams show.
      plot.rectX(steps, { x1: "from", x2: "to", fill: "middle", insetRight: -0.5 }),
      plot.text([label], { frameAnchor: "top-left", dx: -1, dy: -17, fontWeight: "bold", fontSize: 11, clip: false }),
    ],
  });
  return { markup: figure.outerHTML, height: rampHeight };
}
