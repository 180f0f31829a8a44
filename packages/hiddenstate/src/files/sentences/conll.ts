import { HiddenstateError } from "@hiddenstate/core";
import type { Sentence, SentenceColumns } from "./sentence.ts";

/** The columns of CoNLL-U. */
const unified = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"];

/** A line of words and what is said of them. */
interface WordLine {
  line: number;
  cells: string[];
}

/** Whether a file's ending says that words stand below one another with their tags beside them. */
export function isConll(path: string): boolean {
  return /\.(conllu?|conll0[0-9]|iob2?|bio|bioes|iobes)$/i.test(path);
}

/**
 * Parses sentences in columns: a word a line with its tag beside it, an empty line after each sentence. In CoNLL-U (ten columns, or that
 * ending) words that are ranges of others and empty ones (ids `1-2` and `8.1`) are left out; elsewhere lines that begin with `-DOCSTART-`.
 * Comments (`#`) are skipped.
 *
 * @param columns default: of CoNLL-U `form` and `upos`, else the first and the last one
 * @param tagged whether there must be tags; without, a last column that is the word's own is none
 * @throws HiddenstateError `mismatch`, `invalid` or `unknown`, naming the line
 */
export function parseConll(path: string, text: string, columns: SentenceColumns, tagged: boolean): Sentence[] {
  const groups = sentenceLines(text);
  const [first] = groups;
  if (!first) throw new HiddenstateError("invalid", `invalid file ${path}: it has no words; give some`);
  const isUnified = /\.conllu$/i.test(path) || first[0].cells.length === unified.length;
  const width = first[0].cells.length;
  const place = (name: string | undefined, otherwise: number): number =>
    name === undefined ? otherwise : columnNumber(path, name, width, isUnified);
  const wordColumn = place(columns.words, isUnified ? 1 : 0);
  const tagColumn = place(columns.tags, isUnified ? 3 : width - 1);
  const hasTags = tagged || (tagColumn !== wordColumn && width > 1);
  return groups.flatMap((lines): Sentence[] => {
    for (const { line, cells } of lines)
      if (cells.length !== width) throw widthError(`${path}:${line}`, cells, width, first[0]);
    const words = isUnified ? lines.filter(({ cells }) => /^\d+$/.test(cells[0])) : lines;
    if (words.length === 0 || words[0].cells[wordColumn] === "-DOCSTART-") return [];
    if (hasTags) for (const word of words) checkTag(path, word, tagColumn);
    return [
      {
        words: words.map(({ cells }) => cells[wordColumn]),
        ...(hasTags && { tags: words.map(({ cells }) => cells[tagColumn]) }),
        place: `${path}:${words[0].line}`,
      },
    ];
  });
}

/** The lines of each sentence, cut into columns: at tabs where there are any, else at spaces. */
function sentenceLines(text: string): WordLine[][] {
  const groups: WordLine[][] = [];
  let open: WordLine[] = [];
  let comments: WordLine[] = [];
  const close = (): void => {
    if (open.length > 0) groups.push(open);
    [open, comments] = [[], []];
  };
  text.split(/\r?\n/).forEach((content, i) => {
    if (content.trim() === "") {
      close();
      return;
    }
    const cells = content.includes("\t") ? content.split("\t") : content.trim().split(/ +/);
    const word = { line: i + 1, cells };
    if (open.length === 0 && content.startsWith("#")) {
      comments.push(word);
      return;
    }
    // A word may be a # too: what stands before a sentence with as many columns as it has is none of its comments.
    if (open.length === 0)
      open.push(...comments.filter((comment) => comment.cells[0] === "#" && comment.cells.length === cells.length));
    open.push(word);
  });
  close();
  return groups;
}

function columnNumber(path: string, name: string, width: number, isUnified: boolean): number {
  const named = isUnified ? unified.indexOf(name.toLowerCase()) : -1;
  if (named >= 0) return named;
  const number = /^-?\d+$/.test(name) ? Number(name) : 0;
  const column = number < 0 ? width + number : number - 1;
  if (number !== 0 && column >= 0 && column < width) return column;
  throw new HiddenstateError(
    "unknown",
    `${path}: unknown column ${JSON.stringify(name)}; expected ${isUnified ? `one of ${unified.join(", ")}, or ` : ""}a number from 1 to ${width}, or from the end -1 to -${width}`,
  );
}

function checkTag(path: string, { line, cells }: WordLine, column: number): void {
  // Of CoNLL-U "_" says that nothing is known.
  if (cells[column] !== "" && cells[column] !== "_") return;
  throw new HiddenstateError(
    "invalid",
    `${path}:${line}: invalid tag: column ${column + 1} of the word ${JSON.stringify(cells[0])} says nothing; fill it in, or name another column with --tags`,
  );
}

function widthError(place: string, cells: readonly string[], width: number, first: WordLine): HiddenstateError {
  return new HiddenstateError(
    "mismatch",
    `${place}: mismatch in columns: got ${cells.length}, expected ${width}, as line ${first.line} has; mend the line, or put an empty one between sentences`,
  );
}
