import { Option } from "commander";
import { expect, test } from "vitest";
import { withFlags } from "./told-error.ts";

const options = [
  new Option("--optimizer <name>").choices(["adam", "sgd"]),
  new Option("--momentum <share>"),
  new Option("--layer-norm"),
  new Option("--bptt <steps>"),
  new Option("--layers <n>"),
  new Option("--text <column>"),
  new Option("--from <model>"),
];

test.each([
  [
    "train: mismatch in momentum: it does nothing with optimizer adam; leave it out, or use optimizer sgd",
    "train: mismatch in --momentum: it does nothing with --optimizer adam; leave it out, or use --optimizer sgd",
  ],
  ["unsupported layerNorm; leave layerNorm out", "unsupported --layer-norm; leave --layer-norm out"],
  [
    "expected 65 (bptt + 1); use a smaller bptt, or layers 2",
    "expected 65 (bptt + 1); use a smaller --bptt, or --layers 2",
  ],
  ["train: invalid text: it is empty, from 1 to 2", "train: invalid text: it is empty, from 1 to 2"],
  ["a.csv: line 3: text layers.txt", "a.csv: line 3: text layers.txt"],
  ["use a smaller --bptt", "use a smaller --bptt"],
  [
    "runs/a was trained otherwise: layers was 1, is 2; bptt was 64, is 32; which may start from this model (from)",
    "runs/a was trained otherwise: --layers was 1, is 2; --bptt was 64, is 32; which may start from this model (--from)",
  ],
  ["a.csv: the text was cut", "a.csv: the text was cut"],
])("%s", (message, told) => {
  expect(withFlags(message, options)).toBe(told);
});

test("a word that is also an option is a flag where the option was given", () => {
  expect(withFlags("train: mismatch in text: it does nothing", options, "text")).toBe(
    "train: mismatch in --text: it does nothing",
  );
});
