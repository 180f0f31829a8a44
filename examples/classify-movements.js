// Trains a classifier on rows of sensor readings of any length: which movement is it?
//
//   npm ci && npm run build && node examples/classify-movements.js
//
// For text, give strings in place of rows; for a number to predict, give numbers in place of labels.
import { engine, MemoryStorage, Random, randomKey, trainClassifier } from "@hiddenstate/core";

await engine.init({ seed: 0 });

const random = new Random(randomKey(0, "example", "movements"));
const movements = {
  resting: { speed: 0, swing: 0 },
  walking: { speed: 0.9, swing: 1 },
  running: { speed: 1.6, swing: 2.5 },
};

/** One recording: 20 to 60 rows of the acceleration along two axes, in m/s². */
function recording(/** @type {keyof typeof movements} */ movement) {
  const { speed, swing } = movements[movement];
  const start = random.uniform() * 6;
  return Array.from({ length: 20 + random.integer(41) }, (_, t) => [
    swing * Math.sin(start + speed * t) + 0.6 * random.normal(),
    9.81 + swing * Math.cos(start + speed * t) + 0.6 * random.normal(),
  ]);
}

const labels = /** @type {(keyof typeof movements)[]} */ (Object.keys(movements));
const training = Array.from({ length: 240 }, (_, i) => {
  const target = labels[i % labels.length];
  return { input: recording(target), target };
});

// A tenth of the recordings is held out. Rows are standardised, sequences of similar lengths are read side by side.
const options = { hidden: 24, layers: 1, lr: 0.01, epochs: 6, evaluateEvery: 14 };
const run = trainClassifier({ training }, options, { storage: new MemoryStorage() });
let next = await run.next();
for (; !next.done; next = await run.next()) {
  const event = next.value;
  if (event.type === "notice") console.log(event.text);
  if (event.type === "evaluation" && event.metrics) {
    const { accuracy, macroF1, majorityAccuracy } = event.metrics;
    console.log(
      `step ${event.step}: accuracy ${accuracy.toFixed(3)}, macro F1 ${macroF1.toFixed(3)} (the commonest label: ${majorityAccuracy.toFixed(3)})`,
    );
  }
}

const model = next.value;
const inputs = labels.map(recording);
for (const [i, prediction] of (await model.predict(inputs)).entries()) {
  if (prediction.kind === "class") {
    console.log(`${labels[i]}: taken for ${prediction.label}, probability ${prediction.probability.toFixed(3)}`);
  }
}
engine.close();
