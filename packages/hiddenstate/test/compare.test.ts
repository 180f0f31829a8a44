import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOf, folder, hiddenstate, recordsOf, small, start, text } from "./command.ts";

const sizes = small.filter((word, i) => word !== "--hidden" && small[i - 1] !== "--hidden");
const cells = ["--cells", "gru,transformer"];
const wanted = [
  "compare",
  text,
  ...sizes,
  ...cells,
  "--heads",
  "2",
  "--layer-norm",
  "--parameters",
  "4000",
  "--steps",
  "200",
];

interface Run {
  cell: string;
  seed: number;
  curve: { loss: number }[];
}
const recorded = (out: string): { plan: { cells: { parameters: number }[] }; runs: Run[] } =>
  JSON.parse(bytesOf(out, "compare.json").toString());

describe("compare", { timeout: 120_000 }, () => {
  test("trains every cell with every seed, shows the tables, recommends one, and keeps normal runs", () => {
    const { status, stdout, stderr } = hiddenstate([...wanted, "--out", "whole"]);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^cell +width +parameters +held-out loss +over seeds/m);
    expect(stdout).toMatch(/^one stream +step at 64 +step at 1,024 +memory +state at 1 /m);
    expect(stdout).toMatch(/^Take the (GRU|Transformer): its held-out loss of /m);
    expect(stderr).toContain("2 cells, 2 seeds, 4 runs of 200 steps each");
    const { plan, runs } = recorded("whole");
    for (const { parameters } of plan.cells) expect(Math.abs(parameters - 4000)).toBeLessThan(400);
    expect(runs.map(({ cell, seed }) => `${cell} ${seed}`)).toEqual([
      "gru 0",
      "transformer 0",
      "gru 1",
      "transformer 1",
    ]);
    expect(runs.every(({ curve }) => curve.length === 10)).toBe(true);
    for (const picture of ["loss.svg", "loss.png"]) expect(existsSync(join(folder, "whole", picture))).toBe(true);
    const evaluated = hiddenstate(["evaluate", "whole/transformer-seed1", text, "--json"]);
    expect(recordsOf(evaluated.stdout).at(-1)).toHaveProperty("loss");
  });

  test("that was stopped by Ctrl-C keeps what is finished and goes on to the same numbers", async () => {
    const running = start([...wanted, "--out", "stopped", "--json"]);
    let asked = false;
    running.child.stdout!.on("data", () => {
      // In the middle of the second run; asked twice it would quit at once.
      if (asked || !/"run":2,.*"type":"evaluation","step":20/.test(running.stdout())) return;
      asked = true;
      running.child.kill("SIGINT");
    });
    const stopped = await running.finished;
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toContain("interrupted: 1 of 4 runs are finished and kept in stopped");
    expect(stopped.stderr).toContain(`hiddenstate compare ${text} --out stopped --resume`);
    const last = recordsOf(stopped.stdout).at(-1)!;
    expect(last).toMatchObject({ type: "comparison", complete: false, recommendation: { cell: null } });

    const resumed = hiddenstate(["compare", text, "--out", "stopped", "--resume", "--json"]);
    expect(resumed.status).toBe(0);
    const events = recordsOf(resumed.stdout);
    expect(events.at(-1)).toMatchObject({ type: "comparison", complete: true });
    // The run that was in the middle went on there.
    const begun = events.find(({ type, event }) => type === "run" && (event as { type: string }).type === "start")!;
    expect(begun).toMatchObject({ cell: "transformer", seed: 0, run: 2 });
    expect((begun.event as { step: number }).step).toBeGreaterThan(0);
    const losses = (out: string): number[][] => recorded(out).runs.map(({ curve }) => curve.map(({ loss }) => loss));
    expect(losses("stopped")).toEqual(losses("whole"));
  });

  test("leaves the Transformer out, and says so, where a task has only recurrent cells: pairs", () => {
    const pairs = join(folder, "pairs.tsv");
    // What no network learns in ten steps.
    const sum = (i: number): string => `${i}+${7 * i}\t${8 * i}\n`;
    writeFileSync(pairs, Array.from({ length: 60 }, (_, i) => sum(10 + i)).join(""));
    const words = ["--task", "seq2seq", "--hidden", "8", "--batch", "16", "--steps", "10", "--evaluate-every", "10"];
    const { status, stdout, stderr } = hiddenstate(["compare", pairs, ...words, "--out", "pairs"]);
    expect(status).toBe(0);
    expect(stderr).toContain("without the Transformer: task seq2seq is learned with recurrent cells");
    expect(stderr).toContain("4 cells, 2 seeds, 8 runs");
    expect(stdout).toMatch(/^cell +width +parameters +held-out (BLEU|token accuracy|loss) +over seeds/m);
    expect(stdout).toMatch(
      /exact match( and BLEU| and token accuracy|, BLEU and token accuracy)? (is|are) 0 in all runs/i,
    );
  });

  test("leaves the Transformer out, and says so, where a task has only recurrent cells: series", () => {
    const series = join(folder, "sales.csv");
    const value = (i: number): string => (50 + 20 * Math.sin(i / 3) + ((i * 37) % 11)).toFixed(1);
    const date = (i: number): string => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
    writeFileSync(series, `day,sold\n${Array.from({ length: 120 }, (_, i) => `${date(i)},${value(i)}\n`).join("")}`);
    const words = ["--hidden", "4", "--steps", "10", "--evaluate-every", "10"];
    const { status, stdout, stderr } = hiddenstate(["compare", series, ...words, "--out", "series"]);
    expect(status).toBe(0);
    expect(stderr).toContain("without the Transformer: task forecast is learned with recurrent cells");
    expect(stdout).toMatch(/^cell +width +parameters +held-out RMSE +over seeds/m);
    expect(stdout).toMatch(/^Take the (RNN|LSTM|GRU|minGRU): its held-out RMSE of /m);
  });

  test("refuses what can't be compared, in one sentence", () => {
    const refused = (...words: string[]): string => {
      const { status, stderr } = hiddenstate(["compare", text, ...small, "--out", "refused", ...words]);
      expect(status).not.toBe(0);
      expect(stderr.trim().split("\n").at(-1)).toMatch(/^hiddenstate: /);
      return stderr;
    };
    expect(refused("--cells", "gru,rnn", "--steps", "5")).toContain(
      "compare: invalid budget: got 5 steps, expected at least 10, so that there is one evaluation; use 10 steps or more",
    );
    expect(refused("--cells", "gru,rnn", "--minutes", "0.0000001")).toMatch(
      /compare: invalid budget: 1e-7 minutes are about 0 steps of the (GRU|RNN), expected at least 10, so that there is one evaluation; use 0\.0\d+ minutes or more/,
    );
    for (const words of [[], ["--task", "lm"]])
      expect(refused("--label", "x", ...words)).toContain(
        "compare: mismatch in --label: it does nothing with --task lm; leave it out, or use --task classify",
      );
    expect(refused("--cells", "gru,rnn", "--steps", "50", "--evaluate-every", "60")).toContain("use 60 steps or more");
    expect(refused("--cells", "gru")).toContain("invalid --cells: got gru, expected two or more of rnn, lstm, gru");
    expect(refused("--cells", "gru,lstn")).toContain('invalid --cells: got "lstn"');
    expect(refused("--cells", "gru,rnn", "--heads", "2")).toContain("it does nothing without cell transformer");
    expect(refused("--cells", "gru,rnn", "--peepholes")).toContain("it does nothing without cell lstm");
    expect(refused("--seeds", "1")).toContain("invalid --seeds");
    const other = hiddenstate(["compare", text, "--out", "whole", "--resume", "--steps", "300"]);
    expect(other.stderr).toContain('whole was begun otherwise: budget was {"steps":200}, is {"steps":300}');
    const seed = hiddenstate(["compare", text, "--out", "whole", "--resume", "--seed", "7"]);
    expect(seed.stderr).toContain("compare: mismatch in options: whole was begun otherwise: --seed was 0, is 7;");
    const again = hiddenstate([...wanted, "--out", "whole"]);
    expect(again.stderr).toContain("compare: invalid --out: the folder whole exists already");
  });
});
