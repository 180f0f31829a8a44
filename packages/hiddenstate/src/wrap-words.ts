import { textWidth } from "./text-table.ts";

/**
 * A text in lines of at most so many letters where its words allow, cut between words.
 *
 * @param indent what the second and later lines begin with
 */
export function wrapWords(text: string, width: number, indent = ""): string[] {
  const [first, ...others] = text.split(" ");
  const lines = [first];
  for (const word of others) {
    const longer = `${lines.at(-1)!} ${word}`;
    if (textWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(indent + word);
  }
  return lines;
}
