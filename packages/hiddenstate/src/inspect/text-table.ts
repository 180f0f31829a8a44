/** A table for a terminal: the first column flush left, all others flush right under their heads. */
export function textTable(rows: readonly (readonly string[])[], gap = 2): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(0, ...rows.map((row) => wide(row[c] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, c) =>
        c === 0 ? cell + " ".repeat(widths[0] - wide(cell)) : " ".repeat(widths[c] - wide(cell)) + cell,
      )
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}

const wide = (text: string): number => Array.from(text).length;

const bars = " ▁▂▃▄▅▆▇█";

/** How many of some numbers lie in each of as many bins as there are letters, as bars: `▁▂▅█▃`. */
export function textHistogram(values: readonly number[], [low, high]: readonly [number, number], bins = 10): string {
  const counts = Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins);
    counts[Math.min(bins - 1, Math.max(0, bin))]++;
  }
  const most = Math.max(1, ...counts);
  // Whatever is there shows, however little.
  return counts.map((count) => bars[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))]).join("");
}

/** Sentences in lines of at most so many letters, broken at spaces; what goes on is set in. */
export function wrapSentence(sentence: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of sentence.split(" ")) {
    if (line.trim() !== "" && wide(line) + 1 + wide(word) > width) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
