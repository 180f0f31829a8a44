/** Letters, marks, digits and the underscore make words. */
const wordCharacter = /[\p{L}\p{M}\p{N}_]/u;

/** What is known of each code point so far: 0 nothing, 1 other, 2 makes words. */
const classes = new Uint8Array(0x110000);

/** Whether a piece is a word: by its first character. */
export function startsWord(piece: string): boolean {
  return isWordCode(piece.codePointAt(0)!);
}

/** What is done with each piece. */
export type VisitPiece = (piece: string, isWord: boolean) => void;

/**
 * Splits a text that comes in parts of whole code points into words (which may have apostrophes inside) and runs of one other character, in
 * order. A single space between two words is left out; every other character is in exactly one piece.
 */
export class WordSplitter {
  readonly #visit: VisitPiece;
  /** The end of the text so far, which more of it may still change. */
  #rest = "";
  #afterWord = false;

  constructor(visit: VisitPiece) {
    this.#visit = visit;
  }

  push(part: string): void {
    this.#split(this.#rest + part, false);
  }

  /** The text is over. */
  end(): void {
    this.#split(this.#rest, true);
  }

  #split(text: string, isAll: boolean): void {
    let place = 0;
    while (place < text.length) {
      const code = text.codePointAt(place)!;
      const isWord = isWordCode(code);
      const end = isWord ? wordEnd(text, place) : runEnd(text, place, code);
      // What a piece is takes two characters after it to know: `don` may become `don't`, and a space may go without saying.
      if (!isAll && end + 2 > text.length) break;
      const goesWithoutSaying =
        this.#afterWord &&
        code === space &&
        end === place + 1 &&
        end < text.length &&
        isWordCode(text.codePointAt(end)!);
      if (!goesWithoutSaying) this.#visit(text.slice(place, end), isWord);
      this.#afterWord = isWord;
      place = end;
    }
    this.#rest = text.slice(place);
  }
}

const space = 0x20;
const apostrophe = 0x27;
const typographicApostrophe = 0x2019;

function wordEnd(text: string, start: number): number {
  let place = start;
  for (;;) {
    place = skipWord(text, place);
    const code = text.charCodeAt(place);
    const joins = code === apostrophe || code === typographicApostrophe;
    if (!joins || place + 1 >= text.length || !isWordCode(text.codePointAt(place + 1)!)) return place;
    place++;
  }
}

function skipWord(text: string, start: number): number {
  let place = start;
  while (place < text.length) {
    const code = text.codePointAt(place)!;
    if (!isWordCode(code)) break;
    place += code > 0xffff ? 2 : 1;
  }
  return place;
}

function runEnd(text: string, start: number, code: number): number {
  const width = code > 0xffff ? 2 : 1;
  let place = start + width;
  while (text.codePointAt(place) === code) place += width;
  return place;
}

function isWordCode(code: number): boolean {
  classes[code] ||= wordCharacter.test(String.fromCodePoint(code)) ? 2 : 1;
  return classes[code] === 2;
}
