import { dateAfter, type ForecasterModel, showDate, type StreamRow } from "@hiddenstate/core";
import type { StreamWork } from "../model-work.ts";

/** Rows that a stream knows before: more than any forecast reads, so that each step makes one. */
const pastRows = 2048;
/** Of the first of them; a Monday. */
const firstDate = Date.UTC(2000, 0, 3);

/** A forecaster says of each value of a series, as it comes, what it had forecast. */
export function forecastWork(model: ForecasterModel): StreamWork {
  const { inputs } = model.config.plan;
  const first = inputs.categories.map(({ name, values }): [string, string] => [name, values[0]]);
  const past = Array.from({ length: pastRows }, (_, step) => rowAt(model, step));
  const column = (kind: "known" | "observed"): Record<string, number[]> =>
    Object.fromEntries(inputs[kind].map(({ name }) => [name, past.map((row) => row[kind]![name])]));
  const series = {
    id: Object.keys(model.config.trained)[0],
    categories: Object.fromEntries(first),
    values: past.map(({ value }) => value),
    ...(model.config.frequency && { dates: past.map(({ date }) => date!) }),
    known: column("known"),
    observed: column("observed"),
  };
  return {
    kind: "stream",
    open() {
      const stream = model.stream({ series });
      let step = pastRows;
      return {
        step: () => stream.push(rowAt(model, step++)),
        stateBytes: () => JSON.stringify(stream.state()).length,
      };
    },
  };
}

/** Counts around a hundred: numbers that any preprocessing and any distribution takes. */
function rowAt({ config }: ForecasterModel, step: number): StreamRow {
  const { plan, frequency } = config;
  const numbers = (kind: "known" | "observed"): Record<string, number> =>
    Object.fromEntries(plan.inputs[kind].map(({ name }) => [name, step % 2]));
  return {
    value: 100 + ((step * 7) % 13),
    ...(frequency && { date: showDate(dateAfter(firstDate, frequency, step)) }),
    known: numbers("known"),
    observed: numbers("observed"),
  };
}
