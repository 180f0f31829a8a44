import { calendarCycles, headKinds } from "@hiddenstate/core";
import type { TaskOption } from "../task-option.ts";

const positive = { whole: true, min: 1 } as const;
const group = "Series";

/** The flags of a forecaster's training that no other task has. */
export const seriesOptions: readonly TaskOption[] = [
  { flags: "--value <column>", about: "what is to be forecast (default: the only column of numbers)", group },
  { flags: "--date <column>", about: "the dates, or none (default: the column of dates)", group },
  { flags: "--id <columns>", about: "what tells series apart (default: found out)", group, value: { list: "texts" } },
  {
    flags: "--known <columns>",
    about: "numbers known ahead, such as prices or holidays (default: those that go on where the values have ended)",
    group,
    value: { list: "texts" },
  },
  {
    flags: "--observed <columns>",
    about: "numbers not known ahead (default: all other columns of numbers)",
    group,
    value: { list: "texts" },
  },
  {
    flags: "--categories <columns>",
    about: "what does not change within a series (default: found out)",
    group,
    value: { list: "texts" },
  },
  { flags: "--horizon <steps>", about: "steps to forecast (default: 1)", group, value: { range: positive } },
  {
    flags: "--strategy <name>",
    about: "one step after the other, or all at once (default: direct where later steps need what is not known ahead)",
    group,
    value: { choices: ["recursive", "direct"] },
  },
  {
    flags: "--head <name>",
    about: "what a forecast is: a distribution, quantiles or a number (default: gaussian)",
    group,
    value: { choices: headKinds },
  },
  {
    flags: "--loss <name>",
    about: "point head only (default: mse)",
    group,
    value: { choices: ["mse", "mae", "huber"] },
  },
  {
    flags: "--levels <levels>",
    about: "quantile head only: what it learns, rising, percent or shares (default: 10,20,...,90)",
    group,
    value: { list: "levels" },
  },
  {
    flags: "--test <steps>",
    about: "steps at the end that are kept back to test on (default: a tenth; 0: none)",
    group,
    value: { range: { whole: true, min: 0 } },
  },
  {
    flags: "--context <steps>",
    about: "steps that are read before a forecast (default: two seasons, 16 to 96, else 28)",
    group,
    value: { range: positive },
  },
  { flags: "--season <steps>", about: "of a season; 1: none (default: found)", group, value: { range: positive } },
  { flags: "--log <on|off>", about: "take logarithms (default: chosen)", group, value: { choices: ["on", "off"] } },
  {
    flags: "--difference <kind>",
    about: "what values are told as differences from (default: chosen)",
    group,
    value: { choices: ["none", "first", "seasonal", "both"] },
  },
  {
    flags: "--scaling <kind>",
    about: "by the training part, or by the window before each forecast (default: chosen)",
    group,
    value: { choices: ["standard", "window"] },
  },
  {
    flags: "--calendar <cycles>",
    about: `what is read of dates, of ${calendarCycles.join(", ")} (default: chosen)`,
    group,
    value: { list: "texts" },
  },
  {
    flags: "--lags <steps>",
    about: "changes that it is shown besides the last, by how far they lie back, such as 1,2,12 (default: chosen)",
    group,
    value: { list: "numbers" },
  },
  {
    flags: "--members <n>",
    about: "networks whose mean is the forecast (default: 5, or 1 from 20,000 windows on)",
    group,
    value: { range: positive },
  },
  {
    flags: "--unsorted <what>",
    about: "dates out of order (default: error)",
    group,
    value: { choices: ["error", "sort"] },
  },
  {
    flags: "--repeats <what>",
    about: "a date that occurs twice (default: error)",
    group,
    value: { choices: ["error", "first", "last", "mean", "sum"] },
  },
  {
    flags: "--gaps <what>",
    about: "dates left out: taken as missing values, or not minded (default: error)",
    group,
    value: { choices: ["error", "fill", "ignore"] },
  },
];
