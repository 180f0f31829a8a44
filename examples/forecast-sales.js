// Trains a forecaster on the sales of three shops, tests it on the last year beside naive forecasts, and forecasts the next half year.
//
//   npm ci && npm run build && node examples/forecast-sales.js
//
// The price is known ahead, the town does not change. How values are changed first and what is read is chosen, and told.
import { engine, MemoryStorage, Random, randomKey, trainForecaster } from "@hiddenstate/core";

await engine.init({ seed: 0 });

const months = 120;
const ahead = 6;

/** A shop's sales: a trend, a season, what the price does, and chance. @param {string} id @param {number} size @param {string} town */
function shop(id, size, town) {
  const random = new Random(randomKey(0, "example", id));
  const price = Array.from({ length: months + ahead }, () => 5 + random.normal());
  const values = Array.from({ length: months }, (_, t) => {
    const season = Math.exp(0.3 * Math.sin((2 * Math.PI * t) / 12));
    return size * (1 + t / 100) * season * (1 - 0.08 * (price[t] - 5)) * Math.exp(0.03 * random.normal());
  });
  const dates = values.map((_, t) => new Date(Date.UTC(2015, t)).toISOString().slice(0, 7));
  return { id, values, dates, known: { price }, categories: { town } };
}
const shops = [shop("north", 200, "Oslo"), shop("south", 90, "Rome"), shop("harbour", 40, "Rome")];

const options = { horizon: ahead, test: 12, members: 2, steps: 200 };
const run = trainForecaster(shops, options, { storage: new MemoryStorage() });
let next = await run.next();
for (; !next.done; next = await run.next()) if (next.value.type === "notice") console.log(next.value.text);
const model = next.value;

// From each month of the last year in turn, knowing nothing later.
const { scores } = await model.backtest(shops, { horizon: 1 });
for (const [name, { rmse, coverage }] of Object.entries(scores))
  console.log(`${name}: RMSE ${rmse.toFixed(2)}, ${Math.round(100 * coverage["0.8"])} % in the 80 % interval`);

for (const { id, dates, values, intervals } of await model.forecast(shops, ahead)) {
  const [{ lower, upper }] = intervals;
  console.log(`${id}:`);
  values.forEach((value, k) =>
    console.log(`  ${dates?.[k].slice(0, 7)}  ${value.toFixed(1)}  (${lower[k].toFixed(1)} to ${upper[k].toFixed(1)})`),
  );
}
