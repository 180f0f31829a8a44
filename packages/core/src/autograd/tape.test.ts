import { beforeEach, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { expectClose } from "../../test/golden.ts";
import { engine } from "../engine.ts";
import { empty, tensor, type Tensor } from "../memory/tensor.ts";
import type { BackwardPass } from "./backward.ts";
import { add, mul } from "./ops/binary.ts";
import { linear } from "./ops/linear.ts";
import { sum } from "./ops/reduce.ts";
import { slice } from "./ops/slice.ts";
import { tanh } from "./ops/unary.ts";
import { noGrad, record, recordsFor } from "./tape.ts";

function leaf(values: number[], shape?: number[]): Tensor {
  const result = tensor(values, shape);
  result.requiresGrad = true;
  return result;
}

/** One recurrent step with each weight in turn, and back. */
function backThroughSteps(weights: Tensor[]): void {
  let h = tensor([1, -1], [1, 2]);
  for (const weight of weights) h = tanh(linear(h, weight, null));
  sum(mul(h, tensor([1, 2]))).backward();
}

/** An operation that needs a tensor of its own on the way back. */
function saving(x: Tensor): { y: Tensor; saved: Tensor } {
  const saved = empty([1]);
  const y = empty(x.shape);
  const backward = (pass: BackwardPass): void => {
    expect(saved.ended).toBe(false);
    pass.partialTarget(x);
  };
  record({ name: "saving", inputs: [x], outputs: [y], saved: [saved], backward });
  return { y, saved };
}

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeEach(() => engine.init(options));

  test("gradients of two losses add up", () => {
    const x = leaf([2, 3]);
    sum(mul(x, x)).backward();
    expectClose(x.grad, [4, 6], 0);
    sum(mul(x, 10)).backward();
    expectClose(x.grad, [14, 16], 0);
  });

  test("the gradient of a weight shared by all steps is the sum of its gradients at each step", () => {
    const values = [0.5, -0.25, 0.125, 0.75];
    const shared = leaf(values, [2, 2]);
    backThroughSteps([shared, shared, shared]);
    const separate = [leaf(values, [2, 2]), leaf(values, [2, 2]), leaf(values, [2, 2])];
    backThroughSteps(separate);
    const total = separate.map(({ grad }) => grad!).reduce((a, b) => add(a, b));
    expectClose(shared.grad, total, 1e-6);
  });

  test("a result used by two operations passes on both gradients", () => {
    const x = leaf([3]);
    const y = mul(x, 2);
    add(mul(y, y), y).backward();
    expectClose(x.grad, [2 * (2 * 6 + 1)], 0);
  });

  test("the gradient of a tensor that nothing depends on stays null", () => {
    const [x, unused] = [leaf([1]), leaf([2])];
    mul(unused, 5);
    mul(x, 2).backward();
    expect(unused.grad).toBeNull();
  });

  test("a loss that is itself a leaf has gradient 1", () => {
    const x = leaf([4]);
    x.backward();
    expectClose(x.grad, [1], 0);
  });
});

describe("the tape", () => {
  beforeEach(() => engine.init({ backend: "reference" }));

  test("records nothing in noGrad, and again after it, also when the function throws", () => {
    const x = leaf([1]);
    expect(noGrad(() => mul(x, 2)).requiresGrad).toBe(false);
    expect(noGrad(() => recordsFor([x]))).toBe(false);
    expect(() =>
      noGrad(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(mul(x, 2).requiresGrad).toBe(true);
    noGrad(() => noGrad(() => {}));
    expect(recordsFor([x])).toBe(true);
  });

  test("refuses an asynchronous function in noGrad", () => {
    expect(() => noGrad(async () => {})).toThrow("noGrad: unsupported async function");
  });

  test("records nothing for tensors that need no gradient, or are detached", () => {
    expect(mul(tensor([1]), 2).node).toBeNull();
    expect(mul(mul(leaf([1]), 2).detach(), 2).node).toBeNull();
  });

  test("ends what an operation saved: at once when nothing is recorded, else after the way back", () => {
    const lost = saving(tensor([1]));
    expect(lost.saved.ended).toBe(true);
    const kept = saving(leaf([1]));
    expect(kept.saved.ended).toBe(false);
    kept.y.backward();
    expect(kept.saved.ended).toBe(true);
  });

  test("passes over an operation none of whose results was used", () => {
    const x = leaf([1, 2]);
    const [used, unused] = [empty([2]), empty([2])];
    used.assign([1, 2]);
    record({ name: "first", inputs: [x], outputs: [used], backward: (pass) => void pass.partialTarget(x) });
    record({ name: "second", inputs: [used], outputs: [unused], backward: () => expect.unreachable() });
    sum(used).backward();
    expectClose(x.grad, [0, 0], 0);
  });

  test("finishes deferred work once, in the order of making", () => {
    const [x, y] = [leaf([1]), leaf([1])];
    const finished: string[] = [];
    const deferring = (key: Tensor, name: string): Tensor => {
      const out = tensor([1]);
      const backward = (pass: BackwardPass): void => {
        pass.deferred(key, () => ({ finish: () => void finished.push(name) }));
      };
      record({ name, inputs: [key], outputs: [out], backward });
      return out;
    };
    const total = [deferring(x, "x"), deferring(x, "x again"), deferring(y, "y")].reduce((a, b) => add(a, b));
    expect(finished).toEqual([]);
    sum(total).backward();
    expect(finished).toEqual(["y", "x again"]);
  });
});

describe("backward says what is wrong", () => {
  beforeEach(() => engine.init({ backend: "reference" }));

  test("when the loss has more than one element", () => {
    expect(() => mul(leaf([1, 2]), 2).backward()).toThrow(
      "backward: invalid shape: got [2], expected one element; reduce the loss with sum or mean first",
    );
  });

  test("when nothing needs a gradient", () => {
    expect(() => sum(tensor([1, 2])).backward()).toThrow("nothing it was computed from needs a gradient");
  });

  test("when the graph was gone back over before, whole or in part", () => {
    const x = leaf([1, 2]);
    const y = mul(x, x);
    const loss = sum(y);
    loss.backward();
    expect(() => loss.backward()).toThrow("backward: invalid graph: it was gone back over before (at sum)");
    expect(() => sum(tanh(y)).backward()).toThrow("it was gone back over before (at mul); run the forward pass again");
    expectClose(x.grad, [2, 4], 0);
  });

  test("when numbers were assigned to what an operation made, also through a view of it", () => {
    const x = leaf([0.5]);
    const y = tanh(x);
    y.assign([0.9]);
    expect(() => sum(y).backward()).toThrow("a tensor of shape [1] made by tanh was changed after the forward pass");
    const z = tanh(x);
    z.detach().assign([0.9]);
    expect(() => z.backward()).toThrow("made by tanh was changed after the forward pass; call backward before assign");
  });

  test("when a parameter was changed after the forward pass, also through a view of it", () => {
    const x = leaf([1, 2]);
    const first = sum(mul(x, x));
    x.assign([3, 4]);
    expect(() => first.backward()).toThrow(
      "a tensor of shape [2] used by mul was changed after the forward pass; call backward before optimizer.step",
    );
    const second = sum(mul(x, x));
    slice(x, { start: 1 }).assign([5]);
    expect(() => second.backward()).toThrow("was changed after the forward pass");
  });
});
