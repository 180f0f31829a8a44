import { HiddenstateError, shown } from "../errors.ts";
import { resolveOptions } from "../options.ts";

/**
 * How often a model that writes is fed what it wrote itself instead of the truth, over the steps of training (scheduled sampling).
 *
 * With i the training step from 0, and ε_i the probability of the truth in the paper, the sampling rate is 1 - ε_i:
 *
 * - constant: `rate`; 0 is teacher forcing, 1 is running freely
 * - linear: from 0 to `most` over `steps`, then `most`: ε_i = max(1 - most, 1 - i most / steps)
 * - exponential: ε_i = base^i
 * - inverse sigmoid: ε_i = k / (k + exp(i / k)); half at step k ln k
 *
 * Source: Bengio, Vinyals, Jaitly & Shazeer, "Scheduled sampling for sequence prediction with recurrent neural networks", NeurIPS 2015.
 */
export type SamplingSchedule =
  | { kind: "constant"; rate: number }
  | { kind: "linear"; steps: number; most?: number }
  | { kind: "exponential"; base: number }
  | { kind: "inverse-sigmoid"; k: number };

const forms = "constant:RATE, linear:STEPS[:MOST], exponential:BASE or inverse-sigmoid:K";

/**
 * The probability of being fed the model's own output at a training step.
 *
 * @param step from 0
 * @returns 0 to 1
 * @example
 * samplingRate({ kind: "linear", steps: 1000, most: 0.5 }, 500);   // 0.25
 */
export function samplingRate(schedule: SamplingSchedule, step: number): number {
  switch (schedule.kind) {
    case "constant":
      return schedule.rate;
    case "linear": {
      const { steps, most = 1 } = schedule;
      return Math.min(most, (step * most) / steps);
    }
    case "exponential":
      return 1 - schedule.base ** step;
    case "inverse-sigmoid":
      return 1 - schedule.k / (schedule.k + Math.exp(step / schedule.k));
  }
}

/**
 * Checks a schedule that comes from outside, and fills its defaults in.
 * @throws HiddenstateError `invalid`, `missing` or `unknown`, naming what is wrong
 */
export function checkSamplingSchedule(where: string, schedule: SamplingSchedule): SamplingSchedule {
  const place = `${where}: samplingSchedule`;
  const share = { type: "number", min: 0, max: 1 } as const;
  const kind = { type: "string" } as const;
  switch (schedule?.kind) {
    case "constant":
      return resolveOptions(place, schedule, { kind, rate: share });
    case "linear":
      return resolveOptions(place, schedule, {
        kind,
        steps: { type: "integer", min: 1 },
        most: { ...share, default: 1 },
      });
    case "exponential":
      return resolveOptions(place, schedule, { kind, base: { type: "number", above: 0, below: 1 } });
    case "inverse-sigmoid":
      return resolveOptions(place, schedule, { kind, k: { type: "number", min: 1 } });
    default:
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid samplingSchedule: got ${shown(schedule)}, expected { kind, ... } with kind constant, linear, exponential or inverse-sigmoid`,
      );
  }
}

/**
 * A schedule as it is written on a command line: `constant:RATE`, `linear:STEPS` or `linear:STEPS:MOST`, `exponential:BASE`,
 * `inverse-sigmoid:K`.
 *
 * @throws HiddenstateError `invalid` for another text, or numbers out of range
 * @example
 * parseSamplingSchedule("linear:2000:0.5");   // { kind: "linear", steps: 2000, most: 0.5 }
 */
export function parseSamplingSchedule(text: string): SamplingSchedule {
  const [kind, ...texts] = text.split(":");
  const numbers = texts.map((each) => (each.trim() === "" ? NaN : Number(each)));
  const [first, second] = numbers;
  const schedules: Record<string, SamplingSchedule> = {
    constant: { kind: "constant", rate: first },
    linear: { kind: "linear", steps: first, ...(numbers.length > 1 && { most: second }) },
    exponential: { kind: "exponential", base: first },
    "inverse-sigmoid": { kind: "inverse-sigmoid", k: first },
  };
  const most = kind === "linear" ? 2 : 1;
  if (!Object.hasOwn(schedules, kind) || numbers.length < 1 || numbers.length > most || numbers.some(Number.isNaN)) {
    throw new HiddenstateError("invalid", `invalid sampling schedule: got ${shown(text)}, expected ${forms}`);
  }
  return checkSamplingSchedule("train", schedules[kind]);
}
