import type { TaggedSentence } from "@hiddenstate/core";
import { readText } from "../../files/read-text.ts";
import { parseConll } from "../../files/sentences/conll.ts";
import { jsonSentences } from "../../files/sentences/json-sentences.ts";
import type { SentenceColumns } from "../../files/sentences/sentence.ts";
import { parseTable, tableFormat } from "../../files/tables/read-table.ts";

/**
 * Reads tagged sentences: of lines of JSON, or in columns (CoNLL, CoNLL-U).
 *
 * @throws HiddenstateError naming the file and line
 */
export async function readTaggedSentences(path: string, columns: SentenceColumns): Promise<TaggedSentence[]> {
  const text = await readText(path);
  const sentences = isJson(path, text)
    ? jsonSentences(parseTable(path, text), columns, true)
    : parseConll(path, text, columns, true);
  return sentences.map(({ words, tags, place }) => ({ words, tags, place }));
}

/** Whether a file holds lines of JSON, or an array. */
function isJson(path: string, text: string): boolean {
  return ["json", "jsonl"].includes(tableFormat(path, text) ?? "");
}
