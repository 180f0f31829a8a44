import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { heatMap } from "./heat-map.ts";
import { lineChart } from "./line-chart.ts";
import { checkPictureFile, type Picture } from "./picture.ts";
import { stackPictures } from "./stack-pictures.ts";
import { textWidth, wrapText } from "./text-width.ts";

const lines = [
  { name: "LSTM & friends", points: [1, 2, 3].map((x) => ({ x, y: 1 / x, low: 0.9 / x, high: 1.1 / x })) },
  { name: "GRU", points: [1, 2, 3].map((x) => ({ x, y: 2 / x })), dashed: true },
];
const axes = { x: "step", y: "nats", lines };

function elements(picture: Picture, selector: string): Element[] {
  return [...parseHTML(picture.svg()).document.querySelectorAll(selector)];
}

const texts = (picture: Picture): string[] => elements(picture, "text").map(({ textContent }) => textContent ?? "");

describe("a line chart", () => {
  test("says its title, axes and lines", async () => {
    const picture = await lineChart({ title: "Loss <held out>", subtitle: "lower is better", ...axes });
    expect(texts(picture)).toEqual(
      expect.arrayContaining(["Loss <held out>", "lower is better", "LSTM & friends", "GRU"]),
    );
    expect(texts(picture).join()).toContain("nats");
  });

  test("draws each line in its own colour, and a band where the spread is known", async () => {
    const picture = await lineChart({ title: "Loss", ...axes });
    const strokes = elements(picture, "[aria-label=line] path").map((path) => path.getAttribute("stroke"));
    expect(new Set(strokes).size).toBe(2);
    expect(elements(picture, "[aria-label=area] path")).toHaveLength(1);
  });

  test("leaves out what a logarithmic axis has no place for", async () => {
    const points = [0, -1, 1, 10].map((y, x) => ({ x: x + 1, y }));
    const picture = await lineChart({
      title: "Norms",
      x: "lag",
      y: "norm",
      logY: true,
      lines: [{ name: "h", points }],
    });
    expect(picture.svg()).not.toContain("NaN");
    expect(elements(picture, "[aria-label=dot] circle")).toHaveLength(2);
  });
});

describe("a heat map", () => {
  const options = { title: "Confusion", rowsLabel: "true", columnsLabel: "taken for", valueLabel: "share" };

  test("has a cell for each value that is a number", async () => {
    const picture = await heatMap({
      ...options,
      rows: ["a", "b"],
      columns: ["a", "a"],
      values: [
        [0.5, Number.NaN],
        [0, 1],
      ],
      text: (value) => value.toFixed(1),
    });
    expect(elements(picture, "[aria-label=cell] rect")).toHaveLength(3);
    expect(texts(picture)).toEqual(expect.arrayContaining(["0.5", "1.0", "share"]));
  });

  test("of nothing but one value is drawn too", async () => {
    const picture = await heatMap({ ...options, rows: ["a"], columns: ["b"], values: [[3]] });
    expect(elements(picture, "[aria-label=cell] rect")).toHaveLength(1);
  });
});

describe("a picture", () => {
  test("is saved as what the file's ending says", async () => {
    const picture = await lineChart({ title: "Loss", ...axes });
    const folder = await mkdtemp(join(tmpdir(), "hiddenstate-picture-"));
    for (const ending of [".svg", ".png", ".html"]) await picture.save(join(folder, `a${ending}`));
    const [svg, png, html] = await Promise.all(
      [".svg", ".png", ".html"].map((ending) => readFile(join(folder, `a${ending}`))),
    );
    expect(svg.toString()).toBe(picture.svg());
    expect(png.toString("latin1", 1, 4)).toBe("PNG");
    // Twice as many pixels as the drawing has, each way.
    expect(png.readUInt32BE(16)).toBe(2 * picture.width);
    expect(html.toString()).toContain("<title>Loss</title>");
  });

  test("is refused for other endings", () => {
    expect(() => checkPictureFile("loss.gif")).toThrow(
      'unsupported picture "loss.gif": expected a file name that ends in .svg',
    );
  });

  test("is the same each time", async () => {
    const [first, second] = await Promise.all([0, 1].map(() => lineChart({ title: "Loss", ...axes })));
    expect(first.svg()).toBe(second.svg());
  });

  test("below another makes one as high as both", async () => {
    const picture = await lineChart({ title: "Loss", ...axes });
    expect(stackPictures("Two", [picture, picture]).height).toBe(2 * picture.height);
  });
});

test("a text is broken into lines at spaces", () => {
  const width = textWidth("one two", 10);
  expect(wrapText("one two three", width, 10)).toEqual(["one two", "three"]);
});
