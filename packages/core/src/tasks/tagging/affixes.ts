/** How many affixes a word has. */
export const affixCount = 8;

/**
 * How a word begins and ends, in small letters, and what kinds of characters it is made of: the last 1 to 4 characters, the first 1 to 3,
 * and its shape, in which every capital is X, every other letter x, every digit 0, and runs are cut after the second.
 *
 * A short word's affixes are the word itself. Each has a sign of its kind in front, so that no suffix is taken for a prefix.
 *
 * @example
 * affixesOf("Paris-2024");   // ["-4", "-24", "-024", "-2024", "+p", "+pa", "+par", "=Xxx-00"]
 */
export function affixesOf(form: string): string[] {
  const characters = Array.from(form.toLowerCase());
  const end = (count: number): string => `-${characters.slice(-count).join("")}`;
  const start = (count: number): string => `+${characters.slice(0, count).join("")}`;
  return [end(1), end(2), end(3), end(4), start(1), start(2), start(3), `=${shapeOf(form)}`];
}

function shapeOf(form: string): string {
  let [shape, last, run] = ["", "", 0];
  for (const character of form) {
    const kind = kindOf(character);
    run = kind === last ? run + 1 : 1;
    last = kind;
    if (run <= 2) shape += kind;
  }
  return shape;
}

function kindOf(character: string): string {
  if (/\p{Lu}/u.test(character)) return "X";
  if (/\p{L}/u.test(character)) return "x";
  return /\p{Nd}/u.test(character) ? "0" : character;
}
