import { utcDay } from "./dates.ts";
import { day, type Frequency, timeOfDay } from "./frequency.ts";

/** Cycles of the calendar: the time of year, of week and of day. */
export const calendarCycles = ["year", "week", "day"] as const;
export type CalendarCycle = (typeof calendarCycles)[number];

/** At most so many sines and as many cosines for a cycle: enough for its shape, few enough not to learn single days. */
const harmonics: Record<CalendarCycle, number> = { year: 2, week: 3, day: 4 };
const week = 7 * day;
/** Of a year, on average. */
const year = 365.2425 * day;
const lengths: Record<CalendarCycle, number> = { year, week, day };

/** One wave of the calendar: `order` times a cycle. */
export interface CalendarWave {
  cycle: CalendarCycle;
  order: number;
}

/** How long a step is, in milliseconds, on average. */
export function stepLength({ unit, step }: Frequency): number {
  if (unit === "millisecond") return step;
  return step * (unit === "month" ? year / 12 : week / 5);
}

/** The cycles that dates of a frequency can show: of at least four steps. */
export function cyclesOf(frequency: Frequency): CalendarCycle[] {
  const step = stepLength(frequency);
  return calendarCycles.filter((cycle) => {
    // Weekly dates always fall on one weekday, daily ones at one time.
    if (frequency.unit === "month" && cycle !== "year") return false;
    return lengths[cycle] / step > 3.9;
  });
}

/** How many steps a cycle has. */
export function stepsIn(cycle: CalendarCycle, frequency: Frequency): number {
  return lengths[cycle] / stepLength(frequency);
}

/** The waves of some cycles that dates of a frequency can tell apart (below half the sampling rate). */
export function wavesOf(cycles: readonly CalendarCycle[], frequency: Frequency): CalendarWave[] {
  const step = stepLength(frequency);
  return cycles.flatMap((cycle) => {
    const most = Math.min(harmonics[cycle], Math.ceil(lengths[cycle] / step / 2 - 0.01) - 1);
    return Array.from({ length: Math.max(1, most) }, (_, i) => ({ cycle, order: i + 1 }));
  });
}

/**
 * A date's place in the calendar as numbers from -1 to 1: for each wave sin(2π order phase) and cos(2π order phase), with the phase
 * from 0 to 1 over the cycle.
 *
 * @param out written from `start` on: two numbers for each wave
 */
export function writeCalendar(date: number, waves: readonly CalendarWave[], out: Float64Array, start: number): void {
  waves.forEach(({ cycle, order }, i) => {
    const angle = 2 * Math.PI * order * phase(date, cycle);
    out[start + 2 * i] = Math.sin(angle);
    out[start + 2 * i + 1] = Math.cos(angle);
  });
}

function phase(date: number, cycle: CalendarCycle): number {
  if (cycle === "day") return timeOfDay(date) / day;
  // 1970-01-01 was a Thursday: weeks are counted from Monday.
  if (cycle === "week") return ((((date + 3 * day) % week) + week) % week) / week;
  const number = new Date(date).getUTCFullYear();
  const start = utcDay(number, 0, 1);
  return (date - start) / (utcDay(number + 1, 0, 1) - start);
}
