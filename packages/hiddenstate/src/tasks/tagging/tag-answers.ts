import { chunksOf, haveChunks, type SentenceTags, type TaggerModel } from "@hiddenstate/core";
import { readText } from "../../files/read-text.ts";
import { isConll, parseConll } from "../../files/sentences/conll.ts";
import { cutWords } from "../../files/sentences/cut-words.ts";
import { jsonSentences, sentenceColumns } from "../../files/sentences/json-sentences.ts";
import type { Sentence, SentenceColumns } from "../../files/sentences/sentence.ts";
import { tableParts } from "../../files/tables/table-parts.ts";
import { cellOf, cellText, checkColumn, placeOf, type Table } from "../../files/tables/table.ts";
import { answersInOrder, joinAnswers, madeInOrder } from "../answers.ts";
import type { PredictRequest } from "../task.ts";

/** Sentences tagged at a time. */
const askedTogether = 64;
/** What a line of text is called. */
const lineColumn = "text";

/**
 * Tags of sentences in files or on standard input: lines of JSON with words (or text), words in columns, or lines of text, each a sentence to
 * be cut into words.
 *
 * @throws HiddenstateError naming the file and line
 */
export async function* tagAnswers(model: TaggerModel, request: PredictRequest): AsyncGenerator<object[], void> {
  const columns: SentenceColumns = model.config.source ?? {};
  const known = new Set(model.config.vocabulary.words);
  const chunked = haveChunks(model.tags);
  const join = joinAnswers(request.notice);
  for await (const sentences of sentenceParts(request, columns, known))
    yield* answersInOrder(sentences, askedTogether, async (asked) => {
      const found = await model.tag(
        asked.map(({ words }) => words),
        { places: asked.map(({ place }) => place), signal: request.signal },
      );
      return asked.map(({ words, kept = {} }, i) => join(kept, said(words, found[i], chunked)));
    });
}

async function* sentenceParts(
  { paths, input }: PredictRequest,
  columns: SentenceColumns,
  known: ReadonlySet<string>,
): AsyncGenerator<Sentence[], void> {
  const options = { lineColumn, columns: [], whole: false, emptyLines: true };
  if (paths.length === 0)
    for await (const table of tableParts([], input, options)) yield* sentencesOf(table, columns, known);
  for (const path of paths) {
    if (isConll(path)) yield parseConll(path, await readText(path), columns, false);
    else for await (const table of tableParts([path], input, options)) yield* sentencesOf(table, columns, known);
  }
}

/** Of each row the words, or else its text cut into words. */
function sentencesOf(table: Table, columns: SentenceColumns, known: ReadonlySet<string>): Iterable<Sentence[]> {
  if (sentenceColumns(table, columns).words !== undefined && table.format !== "lines")
    return [jsonSentences(table, columns, false)];
  checkColumn(table, lineColumn);
  return madeInOrder(table.rows.length, (i) => ({
    words: cutWords(cellText(cellOf(table, i, lineColumn)), known),
    place: placeOf(table, i),
    kept: table.rows[i],
  }));
}

/** Words, tags and how likely they are; where tags make up chunks, those too. */
function said(words: readonly string[], { tags, probabilities }: SentenceTags, chunked: boolean): object {
  const chunks = chunked
    ? chunksOf(tags).map(({ type, start, end }) => ({ type, start, end, text: words.slice(start, end).join(" ") }))
    : undefined;
  return { words, tags, probabilities, ...(chunks && { chunks }), ...(words.length === 0 && { empty: true }) };
}
