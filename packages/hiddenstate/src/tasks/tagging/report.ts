import type { ChunkScores, ClassScore, TaggerEvaluation } from "@hiddenstate/core";
import { count } from "../../format.ts";
import { heatMap } from "../../pictures/heat-map.ts";
import { textTable } from "../../text-table.ts";
import type { Report } from "../task.ts";

/** More tags than that are no table to read: the most frequent ones are told. */
const mostOnScreen = 40;
/** And a picture of more than that is no picture. */
const mostInPicture = 60;

const share = (value: number): string => value.toFixed(4);
const numbers = ["precision", "recall", "F1"].map((title) => ({ title, align: "right" as const }));

/** How good a tagger is, as a screen of text and as a picture. */
export function tagReport(found: TaggerEvaluation & { seconds: number }): Report {
  const { accuracy, sentenceAccuracy, words, tags, chunks, baseline, unknownTags, confusion, loss } = found;
  const unknown = Object.entries(unknownTags);
  return {
    record: found,
    lines: [
      `accuracy ${share(accuracy)} on ${count(words)} words (loss ${loss.toFixed(3)} nats), ${(100 * sentenceAccuracy).toFixed(1)} % of sentences all right`,
      `each word's most common tag in training, the commonest of all for unknown words: accuracy ${share(baseline.accuracy)}`,
      ...(unknown.length > 0
        ? [
            `tags that the training had not, which count as wrong: ${unknown.map(([tag, times]) => `${tag} (${count(times)})`).join(", ")}`,
          ]
        : []),
      "",
      ...(chunks ? chunkLines(chunks, baseline.f1) : tagLines(tags)),
    ],
    ...(Object.keys(tags).length <= mostInPicture && {
      pictures: {
        confusion: async () => heatMap(confusionMap(Object.keys(tags), { confusion, accuracy, words, baseline })),
      },
    }),
  };
}

/** As conlleval tells them: whole names, of the right type, start and end. */
function chunkLines(chunks: ChunkScores, baseline: number | null): string[] {
  const row = (
    name: string,
    { precision, recall, f1, support, found, correct }: ChunkScores["types"][string],
  ): string[] => [name, ...[precision, recall, f1].map(share), ...[support, found, correct].map(count)];
  const types = Object.entries(chunks.types).map(([type, scores]) => row(type === "" ? "(no type)" : type, scores));
  return [
    ...textTable(
      [
        { title: "whole chunks", align: "left" },
        ...numbers,
        ...["there are", "found", "right"].map((title) => ({ title, align: "right" as const })),
      ],
      [...types, row("all", chunks)],
    ),
    ...(baseline === null ? [] : [`each word's most common tag: F1 ${share(baseline)}`]),
  ];
}

function tagLines(tags: Readonly<Record<string, ClassScore>>): string[] {
  const all = Object.entries(tags);
  const shown =
    all.length <= mostOnScreen ? all : all.toSorted(([, a], [, b]) => b.support - a.support).slice(0, mostOnScreen);
  return [
    ...textTable(
      [{ title: "tag", align: "left" }, ...numbers, { title: "words", align: "right" }],
      shown.map(([tag, { precision, recall, f1, support }]) => [
        tag,
        ...[precision, recall, f1].map(share),
        count(support),
      ]),
    ),
    ...(shown.length < all.length ? [`and ${all.length - shown.length} rarer tags`] : []),
  ];
}

function confusionMap(
  tags: readonly string[],
  { confusion, accuracy, words, baseline }: Pick<TaggerEvaluation, "confusion" | "accuracy" | "words" | "baseline">,
): Parameters<typeof heatMap>[0] {
  const supports = confusion.map((row) => row.reduce((sum, value) => sum + value, 0));
  return {
    title: "What words of each tag were given",
    subtitle:
      `${count(words)} held-out words: accuracy ${share(accuracy)}; each word's most common tag: ${share(baseline.accuracy)}. ` +
      "Each row adds up to 100 %.",
    rowsLabel: "is",
    columnsLabel: "given",
    rows: tags.map((tag, k) => `${tag} (${supports[k]})`),
    columns: tags,
    values: confusion.map((row, k) => row.map((value) => (supports[k] === 0 ? NaN : value / supports[k]))),
    valueLabel: "share of the tag's words",
    domain: [0, 1],
    text: (value) => (value < 0.005 ? "" : String(Math.round(100 * value))),
  };
}
