import { describe, expect, test } from "vitest";
import { detectScheme, tagConstraints } from "./tag-scheme.ts";

describe("constraints", () => {
  const allowed = (tags: string[], scheme: "bio" | "bioes"): string[] => {
    const { transitions, start, end } = tagConstraints(tags, scheme)!;
    const pairs = tags.flatMap((from, i) =>
      tags.flatMap((to, j) => (transitions[i * tags.length + j] ? [`${from} ${to}`] : [])),
    );
    return [
      ...tags.filter((_, j) => start[j]).map((tag) => `> ${tag}`),
      ...pairs,
      ...tags.filter((_, j) => end[j]).map((tag) => `${tag} <`),
    ];
  };

  test("of BIO: I-X goes on with B-X or I-X only", () => {
    const pairs = allowed(["O", "B-X", "I-X", "B-Y", "I-Y"], "bio");
    expect(pairs.filter((pair) => pair.endsWith("I-X"))).toEqual(["B-X I-X", "I-X I-X"]);
    expect(pairs.filter((pair) => pair.startsWith("I-X "))).toEqual([
      "I-X O",
      "I-X B-X",
      "I-X I-X",
      "I-X B-Y",
      "I-X <",
    ]);
    expect(pairs.filter((pair) => pair.startsWith("> "))).toEqual(["> O", "> B-X", "> B-Y"]);
    expect(pairs).toHaveLength(3 + 5 * 3 + 2 * 2 + 5);
  });

  test("of BIOES: what is begun is ended", () => {
    const pairs = allowed(["O", "B-X", "I-X", "E-X", "S-X", "E-Y"], "bioes");
    expect(pairs.filter((pair) => pair.startsWith("B-X "))).toEqual(["B-X I-X", "B-X E-X"]);
    expect(pairs.filter((pair) => pair.startsWith("I-X "))).toEqual(["I-X I-X", "I-X E-X"]);
    expect(pairs.filter((pair) => pair.startsWith("E-X "))).toEqual(["E-X O", "E-X B-X", "E-X S-X", "E-X <"]);
    expect(pairs.filter((pair) => pair.startsWith("S-X "))).toEqual(["S-X O", "S-X B-X", "S-X S-X", "S-X <"]);
    expect(pairs.filter((pair) => pair.startsWith("> "))).toEqual(["> O", "> B-X", "> S-X"]);
    expect(pairs.filter((pair) => pair.endsWith(" E-Y"))).toEqual([]);
  });

  test("of no scheme: none", () => {
    expect(tagConstraints(["NOUN", "VERB"], "none")).toBeNull();
    expect(() => tagConstraints(["O", "NOUN"], "bio")).toThrow(
      'tagConstraints: invalid tag "NOUN" for the scheme "bio"',
    );
  });
});

test.each([
  [[["NOUN", "VERB"]], "none"],
  [[["B-X", "I-X", "O"], [], ["O"]], "bio"],
  [[["B-NP", "B-VP"]], "bio"],
  [[["B-X", "E-X", "O", "S-Y"]], "bioes"],
  [[["I-X", "I-X", "B-X"]], "none"],
  [[["B-X", "I-Y"]], "none"],
  [
    [
      ["B-X", "E-X"],
      ["B-X", "O"],
    ],
    "none",
  ],
  [[["X-B", "X-I"]], "none"],
] as const)("%j is %s", (sequences, scheme) => {
  expect(detectScheme(sequences)).toBe(scheme);
});
