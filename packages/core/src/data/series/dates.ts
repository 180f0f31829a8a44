import { HiddenstateError, shown } from "../../errors.ts";

const pattern =
  /^(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * A date as milliseconds since 1970-01-01 00:00 UTC.
 *
 * @param where the place to name in errors, such as `"series sales, row 17"`
 * @throws HiddenstateError `invalid` for text that is no ISO date, and for a date that the calendar lacks
 * @example
 * parseDate("1949-02", "row 2");   // -659491200000
 */
export function parseDate(date: string | number, where: string): number {
  if (typeof date === "number") {
    if (Number.isFinite(date)) return date;
    throw invalid(date, where);
  }
  const match = pattern.exec(date.trim());
  if (!match) throw invalid(date, where);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part, i) => Number(part ?? (i < 3 ? 1 : 0)));
  const start = utcDay(year, month - 1, day);
  const seconds = (hour * 60 + minute) * 60 + second;
  const time = start + seconds * 1000 + Math.round(Number(match[7] ?? 0) * 1000);
  const parsed = new Date(start);
  const exists =
    parsed.getUTCMonth() === month - 1 && parsed.getUTCDate() === day && hour < 25 && minute < 60 && second < 61;
  if (!exists) throw invalid(date, where);
  return time - zoneOffset(match[8]);
}

/** The midnight that a day begins with, of any year: `Date.UTC` takes those below 100 for the 1900s. @param month from 0, and may run over */
export function utcDay(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

/** A date as ISO text, as short as it can be: the day alone where the time is midnight. */
export function showDate(time: number): string {
  const text = new Date(time).toISOString();
  if (text.endsWith("T00:00:00.000Z")) return text.slice(0, 10);
  return text.endsWith(":00.000Z") ? text.slice(0, 16) : text.replace(/\.000Z$/, "").replace(/Z$/, "");
}

function zoneOffset(zone: string | undefined): number {
  if (!zone || zone === "Z") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000;
}

function invalid(date: string | number, where: string): HiddenstateError {
  return new HiddenstateError(
    "invalid",
    `${where}: invalid date: got ${shown(date)}, expected ISO text such as "1981-12-31", "1949-01" or "2024-03-01T12:30", or milliseconds since 1970`,
  );
}
