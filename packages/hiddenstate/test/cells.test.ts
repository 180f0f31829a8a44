import { join } from "node:path";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf, folder, hiddenstate, recordsOf, small, text } from "./command.ts";

const everyFlag = [
  "--layer-norm",
  "--recurrent-dropout",
  "0.1",
  "--variational",
  "--learned-state",
  "--residual",
  "--layers",
  "2",
  "--tied",
];

describe("cells and their options on the command line", { timeout: 120_000 }, () => {
  test.each([
    ["lstm", ["--projection", "5", "--peepholes", "--coupled-gates"]],
    ["mingru", []],
    ["minlstm", []],
  ])("a language model with %s and all its options is trained, kept, and writes", (cell, own) => {
    const trained = hiddenstate([
      "train",
      text,
      ...small,
      "--steps",
      "20",
      "--cell",
      cell,
      ...everyFlag,
      ...own,
      "--out",
      cell,
    ]);
    expect({ status: trained.status, stderr: trained.status === 0 ? "" : trained.stderr }).toEqual({
      status: 0,
      stderr: "",
    });
    const { architecture } = JSON.parse(readFileSync(join(folder, cell, "config.json"), "utf8")) as {
      architecture: Record<string, unknown>;
    };
    expect(architecture).toMatchObject({
      cell,
      layerNorm: true,
      recurrentDropout: 0.1,
      variational: true,
      learnedState: true,
      residual: true,
      tied: true,
    });
    const written = hiddenstate(["generate", cell, "--length", "12", "--seed", "1", "--json"]);
    expect(recordsOf(written.stdout).at(-1)!.text).toHaveLength(12);
  });

  test.each([
    [["--cell", "gru", "--reset-before"], { cell: "gru", resetAfter: false }],
    [["--cell", "rnn", "--nonlinearity", "relu"], { cell: "rnn", nonlinearity: "relu" }],
  ])("%j makes another network", (flags, expected) => {
    const out = `variant-${flags[1]}`;
    expect(hiddenstate(["train", text, ...small, ...flags, "--steps", "2", "--out", out]).status).toBe(0);
    expect(JSON.parse(bytesOf(out, "config.json").toString())).toMatchObject({ architecture: expected });
  });

  test.each([
    [["--cell", "gru", "--peepholes"], "unsupported --peepholes with --cell gru: it has no cell state beside h"],
    [["--cell", "rnn", "--recurrent-dropout", "0.1"], "what it writes is all of its state"],
    [
      ["--variational"],
      "unsupported --variational without --recurrent-dropout: it says how long a mask lasts, and there is none",
    ],
    [
      ["--recurrent-dropout", "0.1", "--variational", "--sampling-schedule", "constant:0.5"],
      "variational wants one mask for all steps of a window",
    ],
    [
      ["--reset-before"],
      "mismatch in --reset-before: it does nothing with --cell lstm; leave it out, or use --cell gru",
    ],
    [["--layers", "1", "--residual"], "unsupported --residual with one layer"],
    [["--tied", "--embedding", "5"], "mismatch in --embedding: got 5, expected"],
    [["--projection", "8", "--hidden", "8"], "invalid --projection: got 8, expected a width below --hidden 8"],
  ])("%j is refused in one sentence with the reason", (flags, reason) => {
    const { status, stderr } = hiddenstate(["train", text, ...small, ...flags, "--out", "refused"]);
    expect(status).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(reason);
  });
});
