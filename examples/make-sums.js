// Writes pairs of a sum of two numbers and its result with the last digit first, a tab between them: "57+5" and "26". No sum twice, not even with its numbers exchanged.
//
//   node examples/make-sums.js 55000 > sums.tsv
//
// Numbers have 1 to 3 digits, as often of each length. The last digit first is the order in which one adds: each digit of the result depends on what is known already.
import { Random, randomKey } from "@hiddenstate/core";

/** @param {number} count @param {number} seed */
export function sumPairs(count, seed = 0) {
  const random = new Random(randomKey(seed, "example", "sums"));
  const number = () => {
    const digits = 1 + random.integer(3);
    return digits === 1 ? random.integer(10) : 10 ** (digits - 1) + random.integer(9 * 10 ** (digits - 1));
  };
  const seen = new Set();
  const pairs = [];
  while (pairs.length < count) {
    const [a, b] = [number(), number()];
    const key = Math.min(a, b) * 1000 + Math.max(a, b);
    if (seen.has(key)) continue;
    seen.add(key);
    pairs.push({
      source: `${a}+${b}`,
      target: Array.from(String(a + b))
        .toReversed()
        .join(""),
    });
  }
  return pairs;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const lines = sumPairs(Number(process.argv[2] ?? 55000), Number(process.argv[3] ?? 0));
  process.stdout.write("source\ttarget\n" + lines.map(({ source, target }) => `${source}\t${target}\n`).join(""));
}
