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
import { oddChart } from "../pictures/odd-chart.ts";
import type { Picture } from "../pictures/picture.ts";
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

/** How surprising each line was, the odd ones marked. */
export async function drawText(
  model: TextModel,
  answers: readonly object[],
  rate: number | undefined,
): Promise<Picture> {
  const lines = answers as readonly { text: string; surprisal: number | null; odd: boolean | null }[];
  const watch = model.watch({ ...(rate !== undefined && { rate }) });
  const odd = lines.filter((line) => line.odd).length;
  return oddChart({
    title: `How surprising each of ${count(lines.length)} lines is`,
    subtitle:
      `${count(odd)} odd ${odd === 1 ? "line" : "lines"}: more surprising than all but ${Number((100 * watch.rate).toPrecision(3))} % of the lines of held-out text, ` +
      "or with characters that were never seen.",
    x: "line",
    y: "nats a token",
    points: lines.map(({ surprisal, odd: isOdd }, i) => ({ x: i + 1, y: surprisal ?? NaN, odd: isOdd ?? false })),
    threshold: watch.thresholds.line,
  });
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
function told({ text, surprisal, odd, tokens, unknown }: WatchedLine, all: boolean): object {
  let at = 0;
  const placed = tokens.map((token) => {
    const place = at;
    at += token.text.length;
    return { text: token.text, at: place, surprisal: rounded(token.surprisal), odd: token.odd };
  });
  return {
    text,
    surprisal: surprisal === null ? null : rounded(surprisal),
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
