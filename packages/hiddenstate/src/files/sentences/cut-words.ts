const word = /[\p{L}\p{M}\p{N}]+(?:['’.,\-@:/][\p{L}\p{M}\p{N}]+)*|([^\s\p{L}\p{M}\p{N}])\1*/gu;

/**
 * Cuts a line of text into words: at spaces, and punctuation apart from what it stands beside. What joins letters or digits (`e-mail`,
 * `3.14`) stays within, and a run of one sign (`...`) is one word. What ends with `'s`, `n't` and their like is cut there if those who tagged
 * the model's training cut them too.
 *
 * @param known the words that the model knows, in small letters
 * @example
 * cutWords("Well, it's 3.14...", new Set(["it", "'s"])); // ["Well", ",", "it", "'s", "3.14", "..."]
 */
export function cutWords(line: string, known: ReadonlySet<string>): string[] {
  return (line.match(word) ?? []).flatMap((found) => withoutClitic(found, known));
}

function withoutClitic(found: string, known: ReadonlySet<string>): string[] {
  const small = found.toLowerCase();
  const apostrophe = small.search(/['’]/);
  if (apostrophe < 1 || known.has(small)) return [found];
  // n't begins a letter before its apostrophe.
  const cut = [apostrophe - 1, apostrophe].find((at) => at > 0 && known.has(small.slice(at).replace("’", "'")));
  return cut === undefined ? [found] : [found.slice(0, cut), found.slice(cut)];
}
