import type { Cell } from "../autograd/ops/cells.ts";
import { gateNames, type Numbers, type ObservedLayer } from "./observe.ts";

/** A stretch of data with what the network did at each of its steps. */
export interface FollowedStretch {
  /** What each step is, for people: a character, a word, the number of a row. */
  pieces: readonly string[];
  /** Observed over the same steps of this one sequence. */
  layers: readonly ObservedLayer[];
}

/** One signal of one unit. */
export interface UnitChoice {
  /** From 0. */
  layer: number;
  unit: number;
  /** The name of a gate, or `"hidden"` for h, or `"cell"` for tanh(c). */
  signal: string;
}

/** One unit along a stretch. */
export interface FollowedUnit extends UnitChoice {
  pieces: readonly string[];
  /** One for each piece: gates of sigmoids from 0 to 1, all else about -1 to 1. */
  values: number[];
  /** The ends of the scale that the values belong on. */
  scale: readonly [low: number, high: number];
}

/**
 * Follows one unit or gate along a stretch of data, for a picture of what it reacts to.
 *
 * Source: Karpathy, Johnson & Fei-Fei 2015, "Visualizing and understanding recurrent networks", section 4.2: cells that know of quotes,
 * brackets and the position in a line.
 *
 * @example
 * const { values } = followUnit(stretch, { layer: 1, unit: 17, signal: "forget" });
 */
export function followUnit({ pieces, layers }: FollowedStretch, choice: UnitChoice): FollowedUnit {
  const observed = layers.find(({ layer, direction }) => layer === choice.layer && direction === "forward")!;
  const values = signalOf(observed, choice.signal);
  const { hiddenSize: H } = observed;
  const sigmoid = choice.signal in observed.gates && choice.signal !== "candidate" && choice.signal !== "state";
  return {
    ...choice,
    pieces,
    values: pieces.map((_, step) => values[step * H + choice.unit]),
    scale: sigmoid ? [0, 1] : [-1, 1],
  };
}

/** The names of signals that a cell's units have. */
export function signalNames(cell: Cell): string[] {
  return ["hidden", ...(cell.kind === "lstm" ? ["cell"] : []), ...gateNames(cell)];
}

/**
 * The unit that is most worth looking at: whose signal moves widely and slowly, which is how units look that keep track of something. The
 * largest product of the standard deviation and the mean autocorrelation over one to four steps.
 *
 * @param signal default: `"cell"` where there is one, else `"hidden"`
 */
export function tellingUnit({ layers }: FollowedStretch, signal?: string): UnitChoice {
  let best: UnitChoice & { score: number } = { layer: 0, unit: 0, signal: "hidden", score: -Infinity };
  for (const observed of layers) {
    if (observed.direction === "reverse") continue;
    const name = signal ?? (observed.cell ? "cell" : "hidden");
    const values = signalOf(observed, name);
    for (let unit = 0; unit < observed.hiddenSize; unit++) {
      const score = slowSwing(values, unit, observed.hiddenSize);
      if (score > best.score) best = { layer: observed.layer, unit, signal: name, score };
    }
  }
  const { score: _, ...choice } = best;
  return choice;
}

function signalOf(observed: ObservedLayer, name: string): Numbers {
  if (name === "hidden") return observed.hidden;
  if (name === "cell") return observed.cell!.map(Math.tanh);
  return observed.gates[name];
}

/** Standard deviation times the mean autocorrelation over 1 to 4 steps, which is the mean covariance over the standard deviation. */
function slowSwing(values: Numbers, unit: number, hiddenSize: number): number {
  const [steps, farthest] = [values.length / hiddenSize, 4];
  const at = (step: number): number => values[step * hiddenSize + unit];
  if (steps <= farthest) return 0;
  let [sum, squares, covariance] = [0, 0, 0];
  for (let step = 0; step < steps; step++) sum += at(step);
  const mean = sum / steps;
  for (let step = 0; step < steps; step++) squares += (at(step) - mean) ** 2;
  for (let apart = 1; apart <= farthest; apart++) {
    let products = 0;
    for (let step = apart; step < steps; step++) products += (at(step) - mean) * (at(step - apart) - mean);
    covariance += products / (steps - apart) / farthest;
  }
  const deviation = Math.sqrt(squares / steps);
  return deviation > 0 ? covariance / deviation : 0;
}
