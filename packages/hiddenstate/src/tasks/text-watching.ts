import {
  HiddenstateError,
  type TextModel,
  type TextWatch,
  type TextWatchState,
  type WatchedLine,
} from "@hiddenstate/core";
import { linesOf } from "../files/lines-of.ts";
import { readChunks } from "../files/read-chunks.ts";
import { count } from "../format.ts";
import { oddChart, type OddChartOptions } from "../pictures/odd-chart.ts";
import type { Picture } from "../pictures/picture.ts";
import { stackPictures } from "../pictures/stack-pictures.ts";
import type { PredictRequest } from "./task.ts";
import type { Watch, WatchRequest } from "./watch.ts";

/** Watches a text or an event log, line by line, by how surprising each line is. */
export async function watchText(
  model: TextModel,
  { rate, history, state, tokens = false }: WatchRequest,
): Promise<Watch> {
  const watch = begin(model, rate, state);
  if (history !== undefined)
    for await (const lines of linesOf(readChunks(history))) for (const line of lines) watch.push(line);
  return { push: (line) => told(watch.push(line), tokens), state: () => watch.state() };
}

/** What is said of each line of some files, or of standard input. */
export async function* predictText(
  model: TextModel,
  { paths, input, rate }: PredictRequest,
): AsyncGenerator<object[], void> {
  const watch = model.watch({ ...(rate !== undefined && { rate }) });
  const sources = paths.length > 0 ? paths.map((path) => readChunks(path)) : [input];
  for (const source of sources)
    for await (const lines of linesOf(source)) for (const line of lines) yield [told(watch.push(line), false)];
}

/** How surprising each line was as a whole and at its most surprising place, the odd ones marked. */
export async function drawText(
  model: TextModel,
  answers: readonly object[],
  rate: number | undefined,
): Promise<Picture> {
  const lines = answers as readonly Pick<WatchedLine, "surprisal" | "peak" | "odd">[];
  const { thresholds, rate: share } = model.watch({ ...(rate !== undefined && { rate }) });
  const odd = lines.filter((line) => line.odd).length;
  const points = (y: (line: (typeof lines)[number]) => number | null): OddChartOptions["points"] =>
    lines.map((line, i) => ({ x: i + 1, y: y(line) ?? NaN, odd: line.odd ?? false }));
  const [mean, peak] = [
    await oddChart({
      title: `${count(odd)} odd of ${count(lines.length)} lines`,
      subtitle: `Odd: as surprising, as a whole or at one place, as ${Number((100 * share).toPrecision(3))} % of usual lines are, or with characters never seen.`,
      x: null,
      y: "nats a token, mean of the line",
      points: points(({ surprisal }) => surprisal),
      threshold: thresholds.line,
      height: 220,
    }),
    await oddChart({
      title: "The most surprising token of each line",
      x: "line",
      y: "nats",
      points: points((line) => line.peak),
      threshold: thresholds.peak,
      height: 220,
    }),
  ];
  return stackPictures("What is odd", [mean, peak]);
}

function begin(model: TextModel, rate: number | undefined, state: unknown): TextWatch {
  if (state === undefined) return model.watch({ ...(rate !== undefined && { rate }) });
  const saved = state as Partial<TextWatchState>;
  if (typeof saved.rate !== "number" || typeof saved.stream !== "object")
    throw new HiddenstateError(
      "invalid",
      "stream: invalid state: it is none of a watched text; leave it out to start afresh",
    );
  return model.resumeWatch({ ...(saved as TextWatchState), ...(rate !== undefined && { rate }) });
}

/** A watched line as it is written: odd tokens with their place, or all of them. */
function told({ text, surprisal, peak, odd, tokens, unknown }: WatchedLine, all: boolean): object {
  let at = 0;
  const placed = tokens.map((token) => {
    const place = at;
    at += token.text.length;
    return { text: token.text, at: place, surprisal: rounded(token.surprisal), odd: token.odd };
  });
  return {
    text,
    surprisal: surprisal === null ? null : rounded(surprisal),
    peak: peak === null ? null : rounded(peak),
    odd,
    ...(unknown.length > 0 && { unknown }),
    ...(all
      ? { tokens: placed }
      : {
          oddTokens: placed
            .filter((token) => token.odd)
            .map(({ text: token, at: place, surprisal: each }) => ({ text: token, at: place, surprisal: each })),
        }),
  };
}

/** Nats to a ten-thousandth: more would be noise to read. */
function rounded(nats: number): number {
  return Math.round(nats * 1e4) / 1e4;
}
