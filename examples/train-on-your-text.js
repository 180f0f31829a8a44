// Trains an LSTM on a text of yours, lets it write more of it, and loads it again.
//
//   npm ci && npm run build && node examples/train-on-your-text.js your.txt
//
// Without a file it learns a calendar. Stop it with Ctrl-C and start it again: it goes on where it was last saved.
import { basename, join } from "node:path";
import { load, train } from "hiddenstate";

const file = process.argv[2];
const days = Array.from({ length: 3000 }, (_, day) => new Date(86_400_000 * day).toUTCString().slice(0, 11));
const out = join("runs", `example-${file ? basename(file) : "calendar"}`);

/** @type {import("hiddenstate").TrainOptions} */
const options = {
  task: "lm",
  data: file ?? { training: days.join("\n") },
  out,
  resume: true,
  // A small network for a small text. What is left out has the defaults of the command line.
  hidden: 128,
  layers: 1,
  dropout: 0,
  batch: 16,
  lr: 5e-3,
  steps: 400,
  evaluateEvery: 50,
};
for await (const event of train(options)) {
  if (event.type === "notice") console.log(event.text);
  if (event.type === "start") console.log(`${event.parameters} parameters, ${event.trainingTokens} characters`);
  if (event.type === "evaluation") {
    console.log(
      `step ${event.step}: held-out loss ${event.loss.toFixed(3)} nats${event.best ? ", the best so far" : ""}`,
    );
  }
}

// The folder holds the best model. It loads here, in a server or in a browser.
const model = await load(out, { task: "lm" });
console.log(`\n${out} writes:`);
let written = "";
for await (const piece of model.generate({ length: 120, temperature: 0.5, seed: 1 })) {
  process.stdout.write(piece);
  written += piece;
}

// A stream reads and writes one character at a time, at the same cost however long it runs. Its state is plain JSON.
const stream = model.stream();
stream.push(written);
const saved = JSON.stringify(stream.state());
const later = model.resumeStream(JSON.parse(saved));
const ids = Array.from({ length: 60 }, () => later.draw({ temperature: 0 }));
console.log(`\n\n... and goes on from a saved state:\n${model.tokenizer.decode(ids)}`);
