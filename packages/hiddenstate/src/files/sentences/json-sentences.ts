import { HiddenstateError } from "@hiddenstate/core";
import { placeOf, type Table } from "../tables/table.ts";
import type { Sentence, SentenceColumns } from "./sentence.ts";

const wordNames = /^(words?|tokens?|forms?)$/i;
const tagNames = /^(tags?|labels?|upos|xpos|pos(_tags)?|ner(_tags)?|entities)$/i;

/** The columns that hold words and tags, as far as there are any. */
export interface FoundColumns {
  words: string | undefined;
  tags: string | undefined;
}

/** Finds the columns with an array of texts in each row, by what was named and by usual names. */
export function sentenceColumns({ rows, columns }: Table, named: SentenceColumns): FoundColumns {
  const arrays = columns.filter((column) => isTexts(rows.find((row) => row[column] !== undefined)?.[column]));
  const words = named.words ?? arrays.find((column) => wordNames.test(column));
  const tags = named.tags ?? arrays.find((column) => tagNames.test(column) && column !== words);
  return { words, tags };
}

/**
 * Sentences of lines of JSON such as `{"words": ["The", "dog"], "tags": ["DET", "NOUN"]}`.
 *
 * @throws HiddenstateError `missing` where no column holds words (or tags, where those must be), `invalid` or `mismatch`, naming the line
 */
export function jsonSentences(table: Table, named: SentenceColumns, tagged: boolean): Sentence[] {
  const { words, tags } = sentenceColumns(table, named);
  const needed = [words === undefined && "words", tagged && tags === undefined && "tags"].filter(Boolean);
  if (words === undefined || needed.length > 0)
    throw new HiddenstateError(
      "missing",
      `${table.path}: missing ${needed.join(" and ")}: none of the columns ${table.columns.join(", ")} holds arrays of text under a usual name; ` +
        `name ${needed.length > 1 ? "them with --words and --tags" : `it with --${needed.join("")}`}`,
    );
  return table.rows.map((row, i) => {
    const place = placeOf(table, i);
    const cut = textsOf(place, words, row[words]);
    const given =
      tags === undefined || (!tagged && row[tags] === undefined) ? undefined : textsOf(place, tags, row[tags]);
    return { words: cut, ...(given && { tags: given }), place, kept: row };
  });
}

function textsOf(place: string, column: string, value: unknown): readonly string[] {
  if (isTexts(value)) return value;
  throw new HiddenstateError(
    "invalid",
    `${place}: invalid ${column}: got ${(JSON.stringify(value) ?? "nothing").slice(0, 60)}, expected an array of texts`,
  );
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
