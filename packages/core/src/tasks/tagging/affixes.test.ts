import { expect, test } from "vitest";
import { affixCount, affixesOf } from "./affixes.ts";

test.each([
  ["Paris-2024", ["-4", "-24", "-024", "-2024", "+p", "+pa", "+par", "=Xxx-00"]],
  ["a", ["-a", "-a", "-a", "-a", "+a", "+a", "+a", "=x"]],
  ["--", ["--", "---", "---", "---", "+-", "+--", "+--", "=--"]],
  ["日本🙂!!!", ["-!", "-!!", "-!!!", "-🙂!!!", "+日", "+日本", "+日本🙂", "=xx🙂!!"]],
])("of %s", (form, expected) => {
  expect(affixesOf(form)).toEqual(expected);
  expect(expected).toHaveLength(affixCount);
});

test("a suffix is never taken for a prefix, nor for a shape", () => {
  const of = (forms: string[], pick: (affixes: string[]) => string[]): Set<string> =>
    new Set(forms.flatMap((form) => pick(affixesOf(form))));
  const forms = ["-", "+", "=", "+-", "-+", "=+", "+=", "a+", "+a", "=x", "-x"];
  const suffixes = of(forms, (affixes) => affixes.slice(0, 4));
  const prefixes = of(forms, (affixes) => affixes.slice(4, 7));
  const shapes = of(forms, (affixes) => affixes.slice(7));
  expect([...suffixes].filter((affix) => prefixes.has(affix) || shapes.has(affix))).toEqual([]);
  expect([...prefixes].filter((affix) => shapes.has(affix))).toEqual([]);
});
