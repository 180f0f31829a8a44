// Trains a model that reads a sequence and says a number: here how much of its life a machine has left, from rows of readings.
//
//   npm ci && npm run build && node examples/read-numbers.js
//
// Targets that are numbers make a model of numbers; MAE, RMSE and R² are told beside what the training's mean achieves.
import { engine, MemoryStorage, Random, randomKey, trainClassifier } from "@hiddenstate/core";

await engine.init({ seed: 0 });

const random = new Random(randomKey(0, "example", "machines"));

/** Readings of heat and noise up to some hour of a machine's life of 60 to 100 hours, and the hours that it has left. */
function machine() {
  const life = 60 + random.integer(41);
  const hours = 10 + random.integer(life - 15);
  const rows = Array.from({ length: hours }, (_, t) => [
    40 + 25 * (t / life) ** 2 + random.normal(),
    1 + 4 * (t / life) ** 3 + 0.3 * random.normal(),
  ]);
  return { input: rows, target: life - hours };
}

const training = Array.from({ length: 300 }, machine);
const options = {
  hidden: 24,
  layers: 1,
  lr: 0.01,
  epochs: 12,
  evaluateEvery: 30,
  schedule: /** @type {const} */ ("cosine"),
};
const run = trainClassifier({ training }, options, { storage: new MemoryStorage() });
let next = await run.next();
for (; !next.done; next = await run.next()) {
  const event = next.value;
  if (event.type === "evaluation" && event.metrics) {
    const { mae, rmse, r2, baselineRmse } = event.metrics;
    console.log(
      `step ${event.step}: MAE ${mae.toFixed(1)} hours, RMSE ${rmse.toFixed(1)}, R² ${r2.toFixed(2)} (always the mean: RMSE ${baselineRmse.toFixed(1)})`,
    );
  }
}

const machines = Array.from({ length: 3 }, machine);
const answers = await next.value.predict(machines.map(({ input }) => input));
answers.forEach((answer, i) => {
  if (answer.kind === "number") console.log(`${answer.value.toFixed(0)} hours left, in truth ${machines[i].target}`);
});
engine.close();
