import { Random, randomKey } from "@hiddenstate/core";

/**
 * A text that nobody wrote, for experiments that need one where there is none: annals of invented places. It has what makes
 * character models work for their loss: a vocabulary whose words are as unevenly common as real ones (Zipf), number that
 * verbs must agree with, names that come again within their paragraph and not after it, quotations that must close, counts
 * that go up.
 *
 * @param length characters
 * @param seed another seed tells of other places
 */
export function generatedText(length: number, seed = 0): string {
  const language = new Language(new Random(randomKey(seed, "lab", "generated text")));
  const paragraphs: string[] = [];
  for (let written = 0, year = 1; written < length; year++) {
    const paragraph = language.paragraph(year);
    paragraphs.push(paragraph);
    written += paragraph.length + 2;
  }
  return `${paragraphs.join("\n\n").slice(0, length - 1)}\n`;
}

const onsets = [
  "b",
  "br",
  "d",
  "dr",
  "f",
  "fl",
  "g",
  "gr",
  "h",
  "k",
  "l",
  "m",
  "n",
  "p",
  "pr",
  "r",
  "s",
  "st",
  "t",
  "tr",
  "v",
  "w",
];
const vowels = ["a", "e", "i", "o", "u", "ai", "ea", "ou"];
const codas = ["", "", "", "l", "n", "nd", "r", "rk", "s", "st", "t", "th"];

const [nounCount, verbCount, adjectiveCount, placeCount] = [220, 120, 80, 90];

/** Words and how they are put together. */
class Language {
  readonly #random: Random;
  readonly #nouns: readonly string[];
  readonly #verbs: readonly string[];
  readonly #adjectives: readonly string[];
  readonly #places: readonly string[];
  readonly #people: readonly string[];

  constructor(random: Random) {
    this.#random = random;
    const taken = new Set<string>();
    const words = (count: number, syllables: number, ending = ""): string[] =>
      Array.from({ length: count }, () => {
        for (;;) {
          const word = this.#word(1 + random.integer(syllables)) + ending;
          if (word.length < 3 || taken.has(word)) continue;
          taken.add(word);
          return word;
        }
      });
    const named = (word: string): string => word[0].toUpperCase() + word.slice(1);
    this.#nouns = words(nounCount, 2);
    this.#verbs = words(verbCount, 2);
    this.#adjectives = words(adjectiveCount, 2, "ly");
    this.#places = words(placeCount, 2, "ford").map(named);
    this.#people = words(placeCount, 2, "o").map(named);
  }

  /** Some sentences on one year, one place and two people. */
  paragraph(year: number): string {
    const random = this.#random;
    const place = this.#pick(this.#places);
    const people = [this.#pick(this.#people), this.#pick(this.#people)];
    const sentences = [`In the year ${year} ${people[0]} came to ${place}.`];
    for (let i = 3 + random.integer(5); i > 0; i--) sentences.push(this.#sentence(place, people));
    return sentences.join(" ");
  }

  #sentence(place: string, people: readonly string[]): string {
    const random = this.#random;
    const who = people[random.integer(people.length)];
    switch (random.integer(6)) {
      case 0:
        return `${who} said, "${this.#statement()}, and so it is in ${place}."`;
      case 1:
        return `"Who ${this.#verb(false)} the ${this.#noun()}?" ${who} asked.`;
      case 2: {
        const first = 1 + random.integer(7);
        return `There were ${first}, then ${first + 1}, then ${first + 2} ${this.#noun()}s.`;
      }
      case 3:
        return `${who} ${this.#verb(false)} near ${place}, but ${this.#statement()}.`;
      default: {
        const statement = this.#statement();
        return `${statement[0].toUpperCase()}${statement.slice(1)}.`;
      }
    }
  }

  /** Somebody or something, one or many, does something with something. */
  #statement(): string {
    const many = this.#random.uniform() < 0.5;
    const subject = many ? `the ${this.#adjective()}${this.#noun()}s` : `a ${this.#adjective()}${this.#noun()}`;
    return `${subject} ${this.#verb(many)} the ${this.#adjective()}${this.#noun()}`;
  }

  #noun(): string {
    return this.#pick(this.#nouns);
  }

  #adjective(): string {
    return this.#random.uniform() < 0.4 ? `${this.#pick(this.#adjectives)} ` : "";
  }

  #verb(many: boolean): string {
    const verb = this.#pick(this.#verbs);
    return many ? `${verb} all` : `${verb}es`;
  }

  /** The words at the front are the common ones: the n-th is about 1/n as likely as the first. */
  #pick(words: readonly string[]): string {
    return words[Math.floor((words.length + 1) ** this.#random.uniform()) - 1];
  }

  #word(syllables: number): string {
    const from = (parts: readonly string[]): string => parts[this.#random.integer(parts.length)];
    let word = "";
    for (let i = 0; i < syllables; i++) word += from(onsets) + from(vowels);
    return word + from(codas);
  }
}
