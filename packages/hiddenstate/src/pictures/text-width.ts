/** About how wide a text is, in pixels: DejaVu Sans, whose letters are 0.6 em wide on the average. */
export function textWidth(text: string, size: number): number {
  return Array.from(text).length * size * 0.6;
}

/** A text in lines that fit a width, broken at spaces. */
export function wrapText(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines;
}
