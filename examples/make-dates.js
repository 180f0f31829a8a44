// Writes pairs of a date in words and the same date as ISO 8601 writes it, a tab between them, each source once.
//
//   node examples/make-dates.js 55000 > dates.tsv
//
// Days from 1900-01-01 to 2099-12-31; English as people write it, in fifteen forms with variations. A form with numbers alone is day first
// ("5.3.2024", "5/3/2024"); two digits of a year are 1970 to 2069.
import { Random, randomKey } from "@hiddenstate/core";

const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const ones =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const firsts =
  "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(
    " ",
  );

/** @param {number} n */
const inWords = (n) => (n < 20 ? ones[n] : tens[Math.floor(n / 10)] + (n % 10 ? `-${ones[n % 10]}` : ""));
/** @param {number} n */
const ordinal = (n) => (n <= 20 ? firsts[n] : n === 30 ? "thirtieth" : `${tens[Math.floor(n / 10)]}-${firsts[n % 10]}`);
/** @param {number} n */
const suffixed = (n) => `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
/** @param {number} n */
const twoDigits = (n) => String(n).padStart(2, "0");

/** A year as it is spoken. @param {number} year */
function yearInWords(year) {
  const [century, rest] = [Math.floor(year / 100), year % 100];
  if (century === 20 && rest < 10) return `two thousand${rest ? ` and ${ones[rest]}` : ""}`;
  if (rest === 0) return `${inWords(century)} hundred`;
  return `${inWords(century)} ${rest < 10 ? `oh ${ones[rest]}` : inWords(rest)}`;
}

/** One way to write a date. @param {Date} date @param {Random} random */
function written(date, random) {
  const [year, month, day] = [date.getUTCFullYear(), months[date.getUTCMonth()], date.getUTCDate()];
  const [number, weekday] = [date.getUTCMonth() + 1, days[date.getUTCDay()]];
  /** @template T @param {T[]} items */
  const any = (items) => items[random.integer(items.length)];
  const short = month === "May" ? month : month.slice(0, 3);
  const name = any([month, short, month === "May" ? month : `${short}.`]);
  const near = year >= 1970 && year < 2070;
  const digits = near ? any([String(year), `'${twoDigits(year % 100)}`]) : String(year);
  const forms = [
    `${day} ${name} ${digits}`,
    `${suffixed(day)} ${name} ${digits}`,
    `${name} ${day}, ${year}`,
    `${name} ${suffixed(day)}, ${digits}`,
    `${weekday}, ${day} ${name} ${year}`,
    `${weekday.slice(0, 3)} ${name} ${twoDigits(day)} ${year}`,
    `the ${suffixed(day)} of ${month} ${digits}`,
    `the ${ordinal(day)} of ${month} ${year}`,
    `${month} the ${ordinal(day)}, ${yearInWords(year)}`,
    `${weekday} the ${ordinal(day)} of ${month} ${yearInWords(year)}`,
    [day, number, year].join(any([".", "/", "-", ". "])),
    `${twoDigits(day)}.${twoDigits(number)}.${near ? any([String(year), twoDigits(year % 100)]) : year}`,
    `${day}-${short.toUpperCase()}-${year}`,
    `${year}, ${month} ${day}`,
    `${name} ${day} in the year ${any([String(year), yearInWords(year)])}`,
  ];
  const form = any(forms);
  return any([form, form, form.toLowerCase(), form.toUpperCase()]);
}

/** @param {number} count @param {number} seed */
export function datePairs(count, seed = 0) {
  const random = new Random(randomKey(seed, "example", "dates"));
  const [first, last] = [Date.UTC(1900, 0, 1), Date.UTC(2099, 11, 31)];
  /** @type {Map<string, string>} */
  const pairs = new Map();
  while (pairs.size < count) {
    const date = new Date(first + 864e5 * random.integer((last - first) / 864e5 + 1));
    const source = written(date, random);
    if (!pairs.has(source)) pairs.set(source, date.toISOString().slice(0, 10));
  }
  return Array.from(pairs, ([source, target]) => ({ source, target }));
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const lines = datePairs(Number(process.argv[2] ?? 55000), Number(process.argv[3] ?? 0));
  process.stdout.write("source\ttarget\n" + lines.map(({ source, target }) => `${source}\t${target}\n`).join(""));
}
