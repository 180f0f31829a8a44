// Watches two things as they come: the log of a door, with a language model, and a thermometer, with a forecaster.
//
//   npm ci && npm run build && node examples/notice-odd-events.js
//
// What is odd goes by held-out data: a share of `rate` of usual events, and whatever is rarer than that.
import { engine, MemoryStorage, Random, randomKey, trainForecaster, trainLanguageModel } from "@hiddenstate/core";

await engine.init({ seed: 0 });

/** @template T @param {AsyncGenerator<unknown, T>} run @returns {Promise<T>} */
async function finish(run) {
  let next = await run.next();
  while (!next.done) next = await run.next();
  return next.value;
}

// A door opens and closes, by one of five people.
const random = new Random(randomKey(0, "example", "door"));
const people = ["ann", "bo", "cy", "dora", "emil"];
const event = (/** @type {number} */ i) => `door ${i % 2 ? "closed" : "opened"} by ${people[random.integer(5)]}`;
const log = Array.from({ length: 800 }, (_, i) => event(i));
const small = { hidden: 32, layers: 1, dropout: 0, batch: 8, bptt: 32, lr: 0.01, steps: 200 };
const language = await finish(
  trainLanguageModel({ training: `${log.join("\n")}\n` }, small, { storage: new MemoryStorage() }),
);

const watch = language.watch({ rate: 0.005 });
const today = Array.from({ length: 20 }, (_, i) => event(i));
today[12] = "door opened by itself";
for (const line of today) {
  const { surprisal, odd, tokens } = watch.push(line);
  const marked = tokens.map((token) => (token.odd ? token.text.toUpperCase() : token.text)).join("");
  if (odd) console.log(`odd: ${marked} (${surprisal?.toFixed(2)} nats a character)`);
}

// A thermometer: a daily wave and noise. Its watch can be kept as JSON, and gone on with.
const noise = new Random(randomKey(0, "example", "thermometer"));
const values = Array.from(
  { length: 24 * 60 },
  (_, t) => 20 + 4 * Math.sin((2 * Math.PI * t) / 24) + 0.3 * noise.normal(),
);
const past = values.slice(0, -48);
const options = { season: 24, members: 1, steps: 100, hidden: 16 };
const forecaster = await finish(trainForecaster([{ values: past }], options, { storage: new MemoryStorage() }));

let stream = forecaster.stream({ rate: 0.001, series: { values: past } });
values.slice(-48).forEach((value, hour) => {
  if (hour === 30) value += 5;
  if (hour === 24) stream = forecaster.resumeStream(JSON.parse(JSON.stringify(stream.state())));
  const { odd, expected, error } = stream.push({ value });
  if (odd)
    console.log(
      `odd: hour ${hour} has ${value.toFixed(1)}, expected ${expected?.toFixed(1)} (${error?.toFixed(1)} deviations off)`,
    );
});
