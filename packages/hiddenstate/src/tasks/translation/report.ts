import type { ExposureBias, TranslationPair, TranslatorEvaluation, TranslatorModel } from "@hiddenstate/core";
import { count, duration, significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import type { Picture } from "../../pictures/picture.ts";
import { textTable } from "../../text-table.ts";
import type { Report } from "../task.ts";
import { attentionPicture } from "./attention-picture.ts";

const mostMistakes = 5;
/** Tokens of a source whose attention is still easy to see. */
const mostSeen = 48;
/** Along the sequence, on a screen. */
const mostPlaces = 12;

/** How good a translator is: scores, mistakes, exposure bias, and a picture of what it looked at. */
export async function translatorReport(
  model: TranslatorModel,
  pairs: readonly TranslationPair[],
  { signal, beam }: { signal?: AbortSignal; beam?: number | undefined } = {},
): Promise<Report> {
  const { outputs, ...found } = await model.evaluate(pairs, { signal, ...(beam !== undefined && { beam }) });
  const bias = await model.exposureBias(pairs, { signal });
  const how = beam === undefined ? "token by token" : `with a beam of ${beam}`;
  const mistakes = pairs
    .map(({ source, target }, i) => ({ source, target, written: outputs[i] }))
    .filter(({ target, written }) => target !== written)
    .slice(0, mostMistakes);
  return {
    record: { ...found, exposureBias: bias, mistakes },
    lines: [...scoreLines(found, how), "", ...biasLines(bias), ...mistakeLines(mistakes)],
    pictures: {
      "exposure-bias": () => biasPicture(bias),
      attention: async () => {
        const source = shownSource(pairs, outputs);
        const [{ text, attention }] = await model.translate([source], { attention: true });
        return attentionPicture(`“${source}” becomes “${text}”`, attention!);
      },
    },
  };
}

function scoreLines(found: TranslatorEvaluation & { seconds: number }, how: string): string[] {
  const { exactMatch, bleu, tokenAccuracy, loss, pairs, tokens, seconds } = found;
  const right = Math.round(exactMatch * pairs);
  return [
    ...textTable(
      [
        { title: "", align: "left" },
        { title: "", align: "right" },
        { title: "", align: "left" },
      ],
      [
        ["exact match", exactMatch.toFixed(4), `${count(right)} of ${count(pairs)} texts, written ${how}`],
        [
          "BLEU",
          bleu.toFixed(2),
          bleu === 0
            ? "counts runs of four words, of which none is right here"
            : "of those texts, as sacrebleu counts it",
        ],
        ["token accuracy", tokenAccuracy.toFixed(4), `of ${count(tokens)} tokens, given the truth before them`],
        ["loss", significant(loss), `nats a token, perplexity ${significant(Math.exp(loss))}`],
      ],
    ).slice(1),
    `${count(pairs)} pairs in ${duration(seconds)}`,
  ];
}

/** The loss along the sequence, fed the truth and fed its own output. */
function biasLines({ places, truth, own }: ExposureBias): string[] {
  const shown = places.length <= mostPlaces ? places : places.slice(0, mostPlaces);
  const row = (name: string, values: readonly { truth: number; own: number }[], pick: "truth" | "own"): string[] => [
    name,
    significant(pick === "truth" ? truth : own),
    ...values.map((place) => significant(place[pick])),
  ];
  const columns = ["", "all", ...shown.map(({ place }) => String(place))].map((title, i) => {
    return { title, align: i === 0 ? ("left" as const) : ("right" as const) };
  });
  const more = places.length > shown.length ? `, of ${places.length}` : "";
  return [
    `exposure bias: the loss of the right token (nats) by its place in the text${more}`,
    ...textTable(columns, [row("fed the truth", shown, "truth"), row("fed what it wrote", shown, "own")]),
  ];
}

function mistakeLines(mistakes: readonly { source: string; target: string; written: string }[]): string[] {
  if (mistakes.length === 0) return [];
  const table = textTable(
    ["source", "written", "right"].map((title) => ({ title, align: "left" as const })),
    mistakes.map(({ source, written, target }) => [source, written, target].map(short)),
  );
  return ["", "the first mistakes:", ...table];
}

function short(text: string): string {
  const signs = Array.from(text);
  return signs.length > 50 ? `${signs.slice(0, 49).join("")}…` : text;
}

function biasPicture({ places, truth, own }: ExposureBias): Promise<Picture> {
  // Places that few texts reach tell little.
  const told = places.filter(({ pairs }) => pairs >= Math.max(1, places[0].pairs / 100));
  const line = (name: string, pick: "truth" | "own"): Parameters<typeof lineChart>[0]["lines"][number] => ({
    name,
    points: told.map((each) => ({ x: each.place, y: each[pick] })),
  });
  return lineChart({
    title: "Exposure bias: the loss along the text",
    subtitle:
      `Over all tokens ${significant(truth)} nats fed the truth, ${significant(own)} fed what the model wrote itself: a mistake is followed by others ` +
      "as far as the lines are apart.",
    x: "place of the token in the text",
    y: "mean of -ln p of the right token, nats",
    lines: [line("fed the truth", "truth"), line("fed what it wrote", "own")],
  });
}

/** A source worth a picture: not the shortest, and written as it should be, where there is such a one. */
function shownSource(pairs: readonly TranslationPair[], outputs: readonly string[]): string {
  const length = (i: number): number => Array.from(pairs[i].source).length;
  const fits = [...pairs.keys()].filter((i) => length(i) <= mostSeen);
  const right = fits.filter((i) => outputs[i] === pairs[i].target);
  const among = (right.length > 0 ? right : fits.length > 0 ? fits : [0]).slice(0, 100);
  return pairs[among.reduce((best, i) => (length(i) > length(best) ? i : best))].source;
}
