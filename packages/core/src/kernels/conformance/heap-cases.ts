import type { ConformanceCase } from "./case.ts";

export function heapCases(): ConformanceCase[] {
  return [
    {
      name: "the heap gives back the numbers it was given, and keeps them as it grows",
      run(stage, samples) {
        const { set } = stage;
        const numbers = samples.normal(1001);
        const whole = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)];
        const [floats, ints] = [stage.floats(numbers), stage.ints(whole)];
        const copy = set.readFloats(floats, numbers.length);
        copy.fill(0);
        // More than any case has used, so that the memory moves, if it ever does.
        set.reserve(64 * 2 ** 20);
        return {
          floats: { values: stage.read(floats), sameBitsAs: numbers },
          ints: { values: set.readInts(ints, whole.length), sameBitsAs: whole },
        };
      },
    },
    {
      name: "the heap takes offsets beyond 2^31 as whole numbers and gives them back unsigned with >>> 0",
      run(stage) {
        const offsets = [2 ** 31, 2 ** 32 - 64];
        const back = stage.set.readInts(stage.ints(offsets), 2);
        return { offsets: { values: Array.from(back, (value) => value >>> 0), sameBitsAs: offsets } };
      },
    },
  ];
}
