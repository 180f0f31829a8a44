// Which cell suits a text? Trains an RNN, a GRU and a Transformer of one size on it, with two seeds each, and says which to take.
//
//   npm ci && npm run build && node examples/compare-cells.js your.txt
//
// Without a file it compares them on sums such as "17+25=42". Stop it with Ctrl-C and start it again: what is finished is kept.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { compare } from "hiddenstate";

const out = join("runs", `compare-${process.argv[2] ? basename(process.argv[2]) : "sums"}`);
const file = process.argv[2] ?? "runs/sums.txt";
if (!process.argv[2]) {
  mkdirSync("runs", { recursive: true });
  const sums = Array.from({ length: 3000 }, (_, i) => [(i * 37) % 90, (i * 53) % 70]);
  writeFileSync(file, sums.map(([a, b]) => `${a}+${b}=${a + b}\n`).join(""));
}

const comparison = compare({
  data: file,
  task: "lm",
  out,
  resume: true,
  cells: ["rnn", "gru", "transformer"],
  parameters: 20_000,
  layers: 1,
  dropout: 0,
  lr: 5e-3,
  batch: 16,
  steps: 60,
});
let next = await comparison.next();
for (; !next.done; next = await comparison.next()) {
  const event = next.value;
  if (event.type === "plan") {
    for (const { cell, hidden, parameters } of event.plan.cells)
      console.log(`${cell}: width ${hidden}, ${parameters} parameters`);
  }
  if (event.type === "result") {
    const { cell, seed, loss, cost } = event.result;
    const microseconds = cost.latency[0].seconds * 1e6;
    console.log(`${cell}, seed ${seed}: held-out loss ${loss.toFixed(3)}, ${microseconds.toFixed(1)} us a step`);
  }
}
console.log(`\n${next.value.recommendation.reason}`);
console.log(`The loss over time is drawn in ${join(out, "loss.svg")}.`);
