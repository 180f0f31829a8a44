// Trains a tagger that finds names of people and places in sentences, with a conditional random field, and asks it about a new sentence.
//
//   npm ci && npm run build && node examples/tag-names.js
//
// Tags are BIO: B-PER begins a person's name, I-PER goes on with it, O is outside. Whatever is found keeps to that.
import { chunksOf, engine, MemoryStorage, Random, randomKey, trainTagger } from "@hiddenstate/core";

await engine.init({ seed: 0 });

const random = new Random(randomKey(0, "example", "names"));
/** @template T @param {T[]} values */
const one = (values) => values[random.integer(values.length)];

const first = ["Ann", "Bo", "Cy", "Dora", "Emil", "Fay"];
const second = ["Stone", "Rivers", "Field", "Marsh"];
const places = ["Rome", "Oslo", "Kyiv", "Lima", "Bern"];
const verbs = ["lives", "works", "sings", "waits"];

/** A sentence with a tag for each word. */
function sentence() {
  const words = [[one(first), "B-PER"]];
  if (random.uniform() < 0.5) words.push([one(second), "I-PER"]);
  words.push([one(verbs), "O"], ["in", "O"], [one(places), "B-LOC"]);
  if (random.uniform() < 0.3) words.push(["and", "O"], [one(places), "B-LOC"]);
  words.push([".", "O"]);
  return { words: words.map(([word]) => word), tags: words.map(([, tag]) => tag) };
}

// A tenth of the different sentences is held out; chunks are scored as conlleval scores them.
const training = Array.from({ length: 200 }, sentence);
const options = { hidden: 24, embedding: 24, characterHidden: 12, crf: true, lr: 0.01, epochs: 8, evaluateEvery: 20 };
const run = trainTagger({ training }, options, { storage: new MemoryStorage() });
let next = await run.next();
for (; !next.done; next = await run.next()) {
  const event = next.value;
  if (event.type === "evaluation" && event.metrics) {
    const { f1, precision, recall } = event.metrics;
    console.log(
      `step ${event.step}: F1 ${f1.toFixed(3)} (precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)})`,
    );
  }
}

// A second name and a place that it has never seen: spelling and neighbours tell.
const words = ["Dora", "Brooks", "sings", "in", "Riga", "."];
const [{ tags }] = await next.value.tag([words]);
console.log(words.map((word, t) => `${word}/${tags[t]}`).join(" "));
for (const { type, start, end } of chunksOf(tags)) console.log(`${type}: ${words.slice(start, end).join(" ")}`);
engine.close();
