import { utcDay } from "./dates.ts";

/** How dates follow one another: every `step` units. */
export interface Frequency {
  /** `weekday`: Mondays to Fridays. Weeks are 7 days, quarters 3 months, years 12. */
  unit: "millisecond" | "weekday" | "month";
  step: number;
  /** Months only: dates are at the months' ends. */
  monthEnd?: boolean;
  /** Months only, where it is above 28: the day of the dates, or the month's last in months without it. */
  dayOfMonth?: number;
}

export const second = 1000;
export const minute: number = 60 * second;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

const names: [Frequency, string][] = [
  [{ unit: "month", step: 12 }, "yearly"],
  [{ unit: "month", step: 3 }, "quarterly"],
  [{ unit: "month", step: 1 }, "monthly"],
  [{ unit: "millisecond", step: 7 * day }, "weekly"],
  [{ unit: "weekday", step: 1 }, "every weekday"],
  [{ unit: "millisecond", step: day }, "daily"],
  [{ unit: "millisecond", step: hour }, "hourly"],
];

/** A frequency for people: `"monthly"`, `"every 15 minutes"`. */
export function showFrequency({ unit, step }: Frequency): string {
  const name = names.find(([known]) => known.unit === unit && known.step === step)?.[1];
  if (name) return name;
  if (unit !== "millisecond") return `every ${step} ${unit}s`;
  const [size, word] = (
    [
      [day, "days"],
      [hour, "hours"],
      [minute, "minutes"],
      [second, "seconds"],
      [1, "milliseconds"],
    ] as const
  ).find(([length]) => step % length === 0)!;
  return `every ${step / size} ${word}`;
}

/**
 * The date `count` steps after another. A month that has no such day has its last one instead.
 * @example
 * dateAfter(Date.UTC(2024, 0, 31), { unit: "month", step: 1, monthEnd: true }, 1);   // 2024-02-29
 */
export function dateAfter(date: number, frequency: Frequency, count: number): number {
  const { unit, step, monthEnd, dayOfMonth = 0 } = frequency;
  if (unit === "millisecond") return date + count * step;
  const inDay = timeOfDay(date);
  if (unit === "weekday") return dayOfWeekday(weekdayNumber(date) + count * step) * day + inDay;
  const at = new Date(date);
  const month = at.getUTCMonth() + count * step;
  const last = utcDay(at.getUTCFullYear(), month + 1, 0);
  if (monthEnd) return last + inDay;
  // The 28th of February may stand for a 30th.
  const wanted = endsMonth(date) ? Math.max(dayOfMonth, at.getUTCDate()) : at.getUTCDate();
  return utcDay(at.getUTCFullYear(), month, Math.min(wanted, new Date(last).getUTCDate())) + inDay;
}

/** How many units lie between two dates of one frequency. */
export function unitsBetween(from: number, to: number, unit: Frequency["unit"]): number {
  if (unit === "millisecond") return to - from;
  return unit === "weekday" ? weekdayNumber(to) - weekdayNumber(from) : monthNumber(to) - monthNumber(from);
}

export function isWeekend(date: number): boolean {
  const weekday = new Date(date).getUTCDay();
  return weekday === 0 || weekday === 6;
}

/** Whether a date's day is the last of its month. */
export function endsMonth(date: number): boolean {
  return new Date(date + day).getUTCMonth() !== new Date(date).getUTCMonth();
}

/** Milliseconds since midnight. */
export function timeOfDay(date: number): number {
  return date - Math.floor(date / day) * day;
}

function monthNumber(date: number): number {
  const at = new Date(date);
  return at.getUTCFullYear() * 12 + at.getUTCMonth();
}

/** Mondays to Fridays counted from Monday 1970-01-05. */
function weekdayNumber(date: number): number {
  const days = Math.floor(date / day) - 4;
  const week = Math.floor(days / 7);
  return week * 5 + Math.min(days - week * 7, 4);
}

/** The day number, from 1970-01-01, of a weekday number. */
function dayOfWeekday(weekday: number): number {
  const week = Math.floor(weekday / 5);
  return week * 7 + (weekday - week * 5) + 4;
}
