import { day, endsMonth, type Frequency, isWeekend, timeOfDay, unitsBetween } from "./frequency.ts";

/**
 * The frequency that sorted dates without repeats have, whatever dates are left out: months where each date has the same day
 * (or the last one, where a month lacks it, or always) and time, Mondays to Fridays where there is no weekend, else the distance that occurs most often. Null
 * for fewer than two dates.
 */
export function detectFrequency(dates: readonly number[]): Frequency | null {
  if (dates.length < 2) return null;
  const distances = dates.slice(1).map((date, i) => date - dates[i]);
  if (distances.every((distance) => distance >= 28 * day)) {
    const monthEnd = dates.every(endsMonth);
    const dayOf = (date: number): number => new Date(date).getUTCDate();
    const dayOfMonth = dates.reduce((latest, date) => Math.max(latest, dayOf(date)), 0);
    const sameDay = dates.every((date) => dayOf(date) === dayOfMonth || (endsMonth(date) && dayOfMonth > 28));
    if ((monthEnd || sameDay) && dates.every((date) => timeOfDay(date) === timeOfDay(dates[0]))) {
      const months = dates.slice(1).map((date, i) => unitsBetween(dates[i], date, "month"));
      const days = monthEnd ? { monthEnd } : dayOfMonth > 28 && { dayOfMonth };
      return { unit: "month", step: commonest(months), ...days };
    }
  }
  const step = commonest(distances);
  const weekends = dates.some((date) => isWeekend(date));
  // Two weeks of weekdays at least: a few days need not have had a weekend.
  if (step === day && !weekends && dates.at(-1)! - dates[0] > 13 * day) return { unit: "weekday", step: 1 };
  return { unit: "millisecond", step };
}

/** The number that occurs most often; of equals the smallest. */
function commonest(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].reduce((best, next) =>
    next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best,
  )[0];
}
