// Trains a model that writes dates in words as ISO 8601 does, and shows where it looks while it writes.
//
//   npm ci && npm run build && node examples/translate-dates.js
//
// Give your own pairs in place of these: translations, normal forms, answers. With words as tokens: tokenizer: "word".
import { engine, MemoryStorage, trainTranslator } from "@hiddenstate/core";
import { datePairs } from "./make-dates.js";

await engine.init({ seed: 0 });

// A tenth of the sources is held out. Enough to see it learn; docs/translation.md has what it comes to in some minutes.
const options = { hidden: 64, dropout: 0, lr: 0.006, batch: 32, steps: 300, evaluateEvery: 100 };
const run = trainTranslator({ training: datePairs(4000) }, options, { storage: new MemoryStorage() });
let next = await run.next();
for (; !next.done; next = await run.next()) {
  const event = next.value;
  if (event.type === "evaluation" && event.metrics) {
    const { exactMatch, bleu, tokenAccuracy } = event.metrics;
    console.log(
      `step ${event.step}: exact match ${exactMatch.toFixed(3)}, BLEU ${bleu.toFixed(1)}, token accuracy ${tokenAccuracy.toFixed(3)}`,
    );
  }
}

const model = next.value;
const [{ text, probability, alternatives = [] }] = await model.translate(["the 5th of March 2024"], { beam: 4 });
console.log(`the 5th of March 2024: ${text} (probability ${probability.toFixed(3)}), or ${alternatives[0].text}`);

// Each row is a token that it wrote; the darker, the more it looked at that sign of the source.
const [{ attention }] = await model.translate(["the 5th of March 2024"], { attention: true });
if (attention) {
  console.log(`  ${attention.source.join("")}`);
  attention.weights.forEach((row, t) => {
    const shades = row.map((weight) => " ░▒▓█"[Math.min(4, Math.floor(weight * 5))]).join("");
    console.log(`${attention.target[t] || "⏎"} ${shades}`);
  });
}

// What it costs to read its own mistakes.
const { truth, own } = await model.exposureBias(datePairs(200, 1));
console.log(`the loss of the right token: ${truth.toFixed(3)} nats fed the truth, ${own.toFixed(3)} fed what it wrote`);
engine.close();
