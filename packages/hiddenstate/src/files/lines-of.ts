/**
 * The lines of a text that comes in parts, without their ends (`\n` or `\r\n`): those together that have arrived together, and at once. What
 * stands after the last line's end is a line too, unless it is empty.
 *
 * @param input UTF-8; bytes that are none become U+FFFD
 */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string[], void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of input) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) yield lines.map(withoutReturn);
  }
  rest += decoder.decode();
  if (rest !== "") yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
