import { isConll } from "../../files/sentences/conll.ts";
import { sentenceColumns } from "../../files/sentences/json-sentences.ts";
import type { SeenData } from "../../files/see-data.ts";
import type { SentenceColumns } from "../../files/sentences/sentence.ts";

/** Lines that are looked at. */
const seenLines = 2000;

/** Why data looks like sentences with a tag for each word; null if it does not. */
export function looksTagged({ path, table, lines }: SeenData, named: SentenceColumns): string | null {
  if (isConll(path))
    return /\.conllu$/i.test(path)
      ? "it is CoNLL-U"
      : "its ending says that words stand below one another, with their tags beside them";
  if (table) {
    if (table.format !== "jsonl" && table.format !== "json") return null;
    const { words, tags } = sentenceColumns(table, named);
    return words === undefined || tags === undefined ? null : `its ${words} and ${tags} are arrays of text`;
  }
  return hasColumns(lines.slice(0, seenLines))
    ? "its lines are words with tags beside them, and empty lines stand between sentences"
    : null;
}

/** Whether lines are words in columns: all of one width, sentences parted by empty lines, and in the last column few different things. */
function hasColumns(lines: readonly string[]): boolean {
  const words = lines
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => line.trim().split(/[\t ]+/));
  const parted = lines.filter((line, i) => line.trim() === "" && i > 0 && i < lines.length - 1).length;
  const width = words[0]?.length ?? 0;
  if (words.length < 4 || parted === 0 || width < 2 || words.some(({ length }) => length !== width)) return false;
  const tags = new Set(words.map((cells) => cells[width - 1]));
  return (
    tags.size <= words.length / 3 && [...tags].every((tag) => /^[\p{Lu}\p{P}\p{S}\d][\p{L}\p{P}\p{S}\d]*$/u.test(tag))
  );
}
