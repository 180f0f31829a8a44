import { chunksOf, haveChunks, type SentenceTags, type TaggerModel } from "@hiddenstate/core";
import { readText } from "../../files/read-text.ts";
import { isConll, parseConll } from "../../files/sentences/conll.ts";
import { cutWords } from "../../files/sentences/cut-words.ts";
import { jsonSentences, sentenceColumns } from "../../files/sentences/json-sentences.ts";
import type { Sentence, SentenceColumns } from "../../files/sentences/sentence.ts";
import { parseTable } from "../../files/tables/read-table.ts";
import { tableParts } from "../../files/tables/table-parts.ts";
import { cellText, checkColumn, placeOf, type Table } from "../../files/tables/table.ts";
import type { PredictRequest } from "../task.ts";
import { isJson } from "./read-sentences.ts";

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
  for await (const sentences of sentenceParts(request, columns, known)) {
    for (let start = 0; start < sentences.length; start += askedTogether) {
      const asked = sentences.slice(start, start + askedTogether);
      const found = await model.tag(
        asked.map(({ words }) => words),
        { places: asked.map(({ place }) => place), signal: request.signal },
      );
      yield asked.map((sentence, i) => answer(sentence, found[i], chunked));
    }
  }
}

async function* sentenceParts(
  { paths, input }: PredictRequest,
  columns: SentenceColumns,
  known: ReadonlySet<string>,
): AsyncGenerator<Sentence[], void> {
  const options = { lineColumn, columns: [], whole: false, emptyLines: true };
  if (paths.length === 0)
    for await (const table of tableParts([], input, options)) yield sentencesOf(table, columns, known);
  for (const path of paths) {
    const text = await readText(path);
    if (isConll(path)) yield parseConll(path, text, columns, false);
    else if (isJson(path, text)) yield sentencesOf(parseTable(path, text), columns, known);
    else for await (const table of tableParts([path], input, options)) yield sentencesOf(table, columns, known);
  }
}

/** Of each row the words, or else its text cut into words. */
function sentencesOf(table: Table, columns: SentenceColumns, known: ReadonlySet<string>): Sentence[] {
  if (sentenceColumns(table, columns).words !== undefined && table.format !== "lines")
    return jsonSentences(table, columns, false);
  checkColumn(table, lineColumn);
  return table.rows.map((row, i) => ({
    words: cutWords(cellText(row[lineColumn]), known),
    place: placeOf(table, i),
    kept: row,
  }));
}

/** What came, with words, tags and how likely they are; where tags make up chunks, those too. */
function answer({ words, kept }: Sentence, { tags, probabilities }: SentenceTags, chunked: boolean): object {
  const chunks = chunked
    ? chunksOf(tags).map(({ type, start, end }) => ({ type, start, end, text: words.slice(start, end).join(" ") }))
    : undefined;
  return { ...kept, words, tags, probabilities, ...(chunks && { chunks }) };
}
