import { beforeAll, describe, expect, test } from "vitest";
import { integers, normal, weightedSum } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { expectClose, toleranceHere } from "../../test/golden.ts";
import { checkGradients } from "../autograd/gradient-check.ts";
import { crfLoss } from "../autograd/ops/crf.ts";
import { crossEntropy } from "../autograd/ops/cross-entropy.ts";
import { engine } from "../engine.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { CRF } from "./crf.ts";
import { bestPaths, viterbi } from "./viterbi.ts";

const tagCount = 3;
const lengths = [4, 0, 1, 3];
const batch = lengths.length;
const tags = [2, 0, 1, 1, 0, 0, 2, 2, 1, 1, 0, 0, 2, 0, 0, 1];

/** A field whose weights are draws. */
function field(): CRF {
  const crf = new CRF({ tagCount, name: "crf" });
  const { transitions, start, end } = crf.weights;
  transitions.assign(normal([tagCount, tagCount], 1).exactDataSync());
  start.assign(normal([tagCount], 2).exactDataSync());
  end.assign(normal([tagCount], 3).exactDataSync());
  return crf;
}

/** Logits [T, B, K] whose padding holds a number. */
function logitsWith(padding: number, steps = 4): Tensor {
  const values = normal([6, batch, tagCount])
    .exactDataSync()
    .slice(0, steps * batch * tagCount);
  lengths.forEach((length, b) => {
    for (let t = length; t < steps; t++)
      values.fill(padding, (t * batch + b) * tagCount, (t * batch + b + 1) * tagCount);
  });
  return tensor(values, [steps, batch, tagCount]);
}

/** Every path of a sequence with its score, by the definition. */
function everyPath(crf: CRF, logits: Tensor, b: number): { path: number[]; score: number }[] {
  const { transitions, start, end } = crf.weights;
  const [x, between, first, last] = [logits, transitions, start, end].map((values) => values.exactDataSync());
  let paths: number[][] = [[]];
  for (let t = 0; t < lengths[b]; t++)
    paths = paths.flatMap((path) => Array.from({ length: tagCount }, (_, tag) => [...path, tag]));
  return paths.map((path) => ({
    path,
    score: path.reduce(
      (score, tag, t) =>
        score +
        x[(t * batch + b) * tagCount + tag] +
        (t === 0 ? first[tag] : between[path[t - 1] * tagCount + tag]) +
        (t === path.length - 1 ? last[tag] : 0),
      0,
    ),
  }));
}

const logSum = (scores: number[]): number => Math.log(scores.reduce((total, score) => total + Math.exp(score), 0));
const tagsOf = (b: number): number[] => Array.from({ length: lengths[b] }, (_, t) => tags[t * batch + b]);

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("tags of a tensor are checked where a sequence has its steps, and past its end may be anything", () => {
    const crf = new CRF({ tagCount: 3 });
    const logits = normal([2, 2, 3]);
    expect(() => crf.loss(logits, integers([0, 1, 9, 2], [2, 2]))).toThrow(
      /crf.loss: invalid tags\[2\]: got 9, expected a whole number from 0 to 2/,
    );
    const short = { lengths: [2, 1] };
    const loss = crf.loss(logits, [0, 1, 2, -1], short).itemSync();
    expect(crf.loss(logits, integers([0, 1, 2, -1], [2, 2]), short).itemSync()).toBe(loss);
  });

  test("the loss is the log of all paths' share against that of the tags, over every path", () => {
    const crf = field();
    const logits = logitsWith(NaN);
    const losses = crfLoss(logits, integers(tags, [4, batch]), integers(lengths), crf.weights);
    const expected = lengths.map((_, b) => {
      const paths = everyPath(crf, logits, b);
      const right = paths.find(({ path }) => path.join() === tagsOf(b).join())!;
      return logSum(paths.map(({ score }) => score)) - right.score;
    });
    expectClose(losses, expected, toleranceHere({ f64: 1e-13, f32: 1e-6, f32Gradient: 1e-6, reason: "" }).forward);
    const loss = crf.loss(logits, tags, { lengths, reduction: "sum" });
    expect(loss.itemSync()).toBeCloseTo(
      expected.reduce((total, value) => total + value, 0),
      4,
    );
    expect(crf.loss(logits, tags, { lengths }).itemSync()).toBeCloseTo(loss.itemSync() / 8, 5);
  });

  test("a marginal is the share of the paths through a tag", () => {
    const crf = field();
    const logits = logitsWith(NaN);
    const expected = Array.from({ length: 4 * batch * tagCount }, (_, i) => {
      const [t, b, tag] = [Math.floor(i / tagCount / batch), Math.floor(i / tagCount) % batch, i % tagCount];
      if (t >= lengths[b]) return 0;
      const paths = everyPath(crf, logits, b);
      const through = paths.filter(({ path }) => path[t] === tag);
      return Math.exp(logSum(through.map(({ score }) => score)) - logSum(paths.map(({ score }) => score)));
    });
    expectClose(crf.marginals(logits, { lengths }), expected, 1e-6);
  });

  test("decoding finds the best of all paths", () => {
    const crf = field();
    const logits = logitsWith(NaN);
    const best = lengths.map((_, b) => everyPath(crf, logits, b).reduce((a, c) => (c.score > a.score ? c : a)).path);
    expect(crf.decode(logits, { lengths })).toEqual(best);
  });

  test("constraints leave the best of the paths that may be", () => {
    const crf = field();
    const logits = logitsWith(NaN);
    const may = (from: number, to: number): boolean => to !== 2 || from === 2;
    const constraints = {
      transitions: [0, 1, 2].flatMap((from) => [0, 1, 2].map((to) => may(from, to))),
      start: [true, true, false],
      end: [false, true, true],
    };
    const best = lengths.map((_, b) => {
      const allowed = everyPath(crf, logits, b).filter(({ path }) =>
        path.every(
          (tag, t) =>
            (t === 0 ? constraints.start[tag] : may(path[t - 1], tag)) && (t < path.length - 1 || constraints.end[tag]),
        ),
      );
      return allowed.length > 0 ? allowed.reduce((a, c) => (c.score > a.score ? c : a)).path : [];
    });
    expect(crf.decode(logits, { lengths, constraints })).toEqual(best);
  });

  test("padding of NaN, and more of it, changes no bit of the loss and the gradients", () => {
    const run = (logits: Tensor): ArrayLike<number>[] => {
      const crf = field();
      logits.requiresGrad = true;
      const steps = logits.shape[0];
      const padded = Array.from({ length: steps * batch }, (_, i) =>
        Math.floor(i / batch) < lengths[i % batch] ? tags[i] : -7,
      );
      const loss = crf.loss(logits, padded, { lengths });
      loss.backward();
      const ofLogits = Array.from(logits.grad!.exactDataSync());
      expect(ofLogits.slice(4 * batch * tagCount).every((value) => value === 0)).toBe(true);
      return [
        loss.exactDataSync(),
        ofLogits.slice(0, 4 * batch * tagCount),
        ...crf.parameters().map((parameter) => parameter.grad!.exactDataSync()),
      ];
    };
    const expected = run(logitsWith(0));
    expect(run(logitsWith(NaN))).toEqual(expected);
    expect(run(logitsWith(NaN, 6))).toEqual(expected);
  });

  test("without transitions it is a softmax at each step", () => {
    const crf = new CRF({ tagCount });
    const logits = logitsWith(0);
    const targets = tags.map((tag, i) => (Math.floor(i / batch) < lengths[i % batch] ? tag : -100));
    expect(crf.loss(logits, tags, { lengths }).itemSync()).toBeCloseTo(crossEntropy(logits, targets).itemSync(), 5);
  });

  test("errors do not grow with the sequence", () => {
    const crf = field();
    const steps = 5000;
    const logits = normal([steps, 1, tagCount]);
    const tagsOfLong = integers(Array.from({ length: steps }, () => 1));
    const losses = crfLoss(logits, tagsOfLong, integers([steps]), crf.weights);
    expectClose(losses, [lossInDouble(crf, logits, 1)], 1e-6);
    const marginals = crf.marginals(logits).dataSync();
    for (let t = 0; t < steps; t++) {
      const total = marginals.slice(t * tagCount, (t + 1) * tagCount).reduce((sum, value) => sum + value, 0);
      expect(Math.abs(total - 1)).toBeLessThan(1e-6);
    }
  });

  test("nothing to learn from is a loss of 0", () => {
    const crf = field();
    expect(crf.loss(logitsWith(NaN), tags, { lengths: [0, 0, 0, 0] }).itemSync()).toBe(0);
  });
});

/** The forward algorithm in double, for one sequence that has the same tag throughout. */
function lossInDouble(crf: CRF, logits: Tensor, tag: number): number {
  const { transitions, start, end } = crf.weights;
  const [x, between, first, last] = [logits, transitions, start, end].map((values) => values.exactDataSync());
  const steps = logits.shape[0];
  let before = Array.from({ length: tagCount }, (_, j) => first[j] + x[j]);
  let [shift, score] = [0, first[tag] + x[tag] + last[tag]];
  for (let t = 1; t < steps; t++) {
    const next = before.map(
      (_, j) => logSum(before.map((value, i) => value + between[i * tagCount + j])) + x[t * tagCount + j],
    );
    const total = logSum(next);
    shift += total;
    before = next.map((value) => value - total);
    score += between[tag * tagCount + tag] + x[t * tagCount + tag];
  }
  return shift + logSum(before.map((value, j) => value + last[j])) - score;
}

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("the gradients are those of finite differences", () => {
    const crf = field();
    const { transitions, start, end } = crf.weights;
    const logits = logitsWith(0);
    const loss = (): Tensor => weightedSum(crfLoss(logits, integers(tags, [4, batch]), integers(lengths), crf.weights));
    checkGradients(loss, { logits, transitions, start, end });
  });

  test("without scores of paths and constraints, each step's best tag is the best path", () => {
    const scores = Array.from(normal([40, tagCount]).exactDataSync(), (value) => Math.round(value));
    expect(bestPaths([scores, []], tagCount, null, null)).toEqual([viterbi(scores, tagCount), []]);
  });

  test("frozen weights get no gradient", () => {
    const crf = field();
    crf.weights.transitions.requiresGrad = false;
    crf.loss(logitsWith(0), tags, { lengths }).backward();
    expect(crf.weights.transitions.grad).toBeNull();
    expect(crf.weights.start.grad).not.toBeNull();
  });

  test("where no path may be, there is none, and decoding goes without constraints", () => {
    const constraints = { transitions: Array(9).fill(true), start: [false, false, false], end: [true, true, true] };
    expect(viterbi([0, 0, 1], 3, null, constraints)).toBeNull();
    expect(() => viterbi([1, 2, 3], 2)).toThrow("mismatch in scores: got 3 numbers, expected whole steps of 2 tags");
    const crf = field();
    const logits = logitsWith(0);
    expect(crf.decode(logits, { lengths, constraints })).toEqual(crf.decode(logits, { lengths }));
  });

  test("what does not fit is refused", () => {
    const crf = field();
    const logits = logitsWith(0);
    expect(() => crf.loss(normal([4, 2]), tags)).toThrow("crf.loss: mismatch in logits: got [4, 2]");
    expect(() => crf.loss(logits, [1, 2], { lengths })).toThrow("crf.loss: mismatch in tags: got 2, expected 16");
    expect(() => crf.loss(logits, tags.with(0, 3), { lengths })).toThrow("crf.loss: invalid tags[0]: got 3");
    expect(() => crf.loss(logits, tags, { lengths: [5, 0, 0, 0] })).toThrow("crf.loss: invalid lengths[0]: got 5");
    expect(() => crf.decode(normal([4, 2, 5]))).toThrow("crf.decode: mismatch in logits");
  });
});
