import { describe, expect, test } from "vitest";
import { parseDate, showDate } from "./dates.ts";
import { detectFrequency } from "./detect-frequency.ts";
import { dateAfter, day, hour, minute, showFrequency } from "./frequency.ts";

const dates = (...texts: string[]): number[] => texts.map((text) => parseDate(text, "row"));

describe("dates", () => {
  test.each([
    ["1949-02", "1949-02-01"],
    ["1981-12-31", "1981-12-31"],
    ["2024/3/5", "2024-03-05"],
    ["2024-03-01T12:30", "2024-03-01T12:30"],
    ["2024-03-01 12:30:15Z", "2024-03-01T12:30:15"],
    ["2024-03-01T12:30:00+02:00", "2024-03-01T10:30"],
    ["1850", "1850-01-01"],
  ])("%s is read as %s, in UTC", (text, shown) => {
    expect(showDate(parseDate(text, "row"))).toBe(shown);
  });

  test.each(["yesterday", "2023-02-29", "2024-13-01", "2024-01-01T25:00", "01.02.2024", NaN])(
    "%s is refused",
    (text) => {
      expect(() => parseDate(text, "series 0, row 7")).toThrow("series 0, row 7: invalid date");
    },
  );
});

describe("a frequency", () => {
  test.each([
    ["monthly", dates("1949-01", "1949-02", "1949-03", "1949-05")],
    ["monthly", dates("2024-01-31", "2024-02-29", "2024-03-31")],
    ["quarterly", dates("2020-01-15", "2020-04-15", "2020-07-15")],
    ["yearly", dates("1700", "1701", "1702")],
    ["weekly", dates("2024-01-01", "2024-01-08", "2024-01-15")],
    ["daily", dates("2023-12-30", "2023-12-31", "2024-01-01", "2024-01-03")],
    ["hourly", [0, hour, 2 * hour, 4 * hour]],
    ["every 15 minutes", [0, 15 * minute, 30 * minute]],
    ["every weekday", Array.from({ length: 20 }, (_, i) => (i + 2 * Math.floor(i / 5) + 4) * day)],
  ])("is found: %s", (name, list) => {
    expect(showFrequency(detectFrequency(list)!)).toBe(name);
  });

  test("of less than two dates is none", () => {
    expect(detectFrequency([0])).toBeNull();
  });

  test("goes on past months' ends, weekends and leap days", () => {
    const [monthEnd, friday] = dates("2024-01-31", "2024-03-01");
    expect(showDate(dateAfter(monthEnd, { unit: "month", step: 1, monthEnd: true }, 1))).toBe("2024-02-29");
    expect(showDate(dateAfter(friday, { unit: "weekday", step: 1 }, 1))).toBe("2024-03-04");
    expect(showDate(dateAfter(friday, { unit: "weekday", step: 1 }, -6))).toBe("2024-02-22");
    expect(showDate(dateAfter(friday, { unit: "month", step: 12 }, 1))).toBe("2025-03-01");
  });
});

describe("months that lack a day", () => {
  const thirtieths = dates("2024-11-30", "2024-12-30", "2025-01-30", "2025-02-28", "2025-03-30");

  test("have their last one instead, and the day comes back after them", () => {
    const frequency = detectFrequency(thirtieths)!;
    expect(frequency).toEqual({ unit: "month", step: 1, dayOfMonth: 30 });
    expect(thirtieths.map((_, i) => dateAfter(thirtieths[0], frequency, i))).toEqual(thirtieths);
    expect(showDate(dateAfter(thirtieths[3], frequency, 1))).toBe("2025-03-30");
    expect(showDate(dateAfter(thirtieths[1], { unit: "month", step: 1 }, 2))).toBe("2025-02-28");
  });

  test("are no month's end where other months go on", () => {
    expect(showFrequency(detectFrequency(thirtieths)!)).toBe("monthly");
    expect(detectFrequency([...thirtieths, parseDate("2025-04-28", "")])).not.toMatchObject({ unit: "month" });
  });
});

test("years below 100 are those years", () => {
  const date = parseDate("0050-01-31", "");
  expect(showDate(date)).toBe("0050-01-31");
  expect(showDate(dateAfter(date, { unit: "month", step: 1 }, 1))).toBe("0050-02-28");
  expect(() => parseDate("0050-02-29", "row 1")).toThrow("row 1: invalid date");
});
