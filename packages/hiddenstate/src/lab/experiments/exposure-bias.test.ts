import { expect, test } from "vitest";
import { feedings } from "../tasks/feeding.ts";
import { exposureBias } from "./exposure-bias.ts";

/** What happens on a task: all that is claimed, or the opposite where it is said. */
interface Course {
  fast?: boolean;
  drifts?: boolean;
  narrows?: boolean;
  /** Teacher forcing's error in the first third. */
  start?: number;
}

function judged(text: Course, series: Course): { outcome: string; because: string } {
  const runs = (["text", "series"] as const).flatMap((task, i) => {
    const { fast = true, drifts = true, narrows = true, start = 0.2 } = [text, series][i];
    const end = drifts ? 2 * start : start;
    const withTruth = { "teacher forcing": 1, "scheduled sampling": 1, "own outputs only": fast ? 1.5 : 1 };
    const thirds = {
      "teacher forcing": [start, start, end],
      "scheduled sampling": [start, start, narrows ? end / 2 : end],
      "own outputs only": [start, start, start],
    };
    return feedings.map((feeding) => ({
      task,
      feeding,
      withTruth: [withTruth[feeding], withTruth[feeding]],
      thirds: thirds[feeding],
      lastThird: [thirds[feeding][2]],
    }));
  });
  return exposureBias.judge({ real: 0, runs });
}

test("holds if all of it is so on both tasks", () => {
  expect(judged({}, {}).outcome).toBe("holds");
});

test("holds within limits if all is so on one task, or a part of it on any", () => {
  expect(judged({ drifts: false, narrows: false }, {})).toMatchObject({
    outcome: "holds within limits",
    because: expect.stringContaining("all of it on series only") as string,
  });
  expect(judged({ drifts: false }, { narrows: false }).outcome).toBe("holds within limits");
});

test("does not hold if teacher forcing is no faster, or neither drifts nor gains", () => {
  expect(judged({ fast: false }, { fast: false }).outcome).toBe("does not hold here");
  expect(judged({ drifts: false, narrows: false }, { drifts: false, narrows: false }).outcome).toBe(
    "does not hold here",
  );
});

test("is undecided if nothing was learned on either task", () => {
  expect(judged({ start: 0.9 }, { start: 0.9 }).outcome).toBe("undecided");
});
