import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, test } from "vitest";
import { mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { slice } from "../autograd/ops/slice.ts";
import { engine } from "../engine.ts";
import { scope } from "./scope.ts";
import { ones, tensor, type Tensor } from "./tensor.ts";

beforeEach(() => engine.init({ backend: "reference" }));

describe("a scope", () => {
  test("ends what was made in it and gives the memory back", () => {
    const before = engine.info().bytesInUse;
    let inside: Tensor | undefined;
    scope(() => {
      inside = ones([100]);
      mul(inside, 2);
    });
    expect(inside!.ended).toBe(true);
    expect(engine.info().bytesInUse).toBe(before);
  });

  test("keeps the tensors that the function returns, however they are wrapped", () => {
    const kept = scope(() => ({
      alone: ones([1]),
      list: [ones([2]), [ones([3])]],
      map: new Map([["a", { deep: ones([4]) }]]),
      set: new Set([ones([5])]),
      number: 6,
      nothing: null,
    }));
    const all = [
      kept.alone,
      kept.list[0],
      kept.map.get("a")!.deep,
      ...kept.set,
      ...(kept.list[1] as Tensor[]),
    ] as Tensor[];
    expect(all.map((each) => each.dataSync().length)).toEqual([1, 2, 4, 5, 3]);
  });

  test("keeps what is in an object that holds itself", () => {
    const kept = scope(() => {
      const made: { self?: object; x: Tensor } = { x: ones([2]) };
      made.self = [made];
      return made;
    });
    expect(kept.x.dataSync()).toHaveLength(2);
  });

  test("leaves tensors from outside and persistent ones alone", () => {
    const outside = ones([2]);
    const persistent = scope(() => {
      mul(outside, 2);
      const made = ones([3]);
      made.persist();
      return { hidden: () => made };
    }).hidden();
    expect(outside.ended).toBe(false);
    expect(persistent.dataSync()).toEqual(Float32Array.of(1, 1, 1));
  });

  test("passes what it keeps to the scope around it", () => {
    let inner: Tensor | undefined;
    const outer = scope(() => {
      inner = scope(() => ones([2]));
      expect(inner.ended).toBe(false);
      return scope(() => scope(() => ones([3])));
    });
    expect(inner!.ended).toBe(true);
    expect(outer.ended).toBe(false);
  });

  test("keeps the memory of a part that is returned, not more of it than once", () => {
    const before = engine.info().bytesInUse;
    const part = scope(() => slice(tensor([1, 2, 3, 4]), { start: 2 }));
    expect(part.dataSync()).toEqual(Float32Array.of(3, 4));
    part.end();
    expect(engine.info().bytesInUse).toBe(before);
  });

  test("keeps a gradient that is returned, though its tensor ends", () => {
    const gradient = scope(() => {
      const x = tensor([3]);
      x.requiresGrad = true;
      mul(x, x).backward();
      return x.grad!;
    });
    expect(gradient.dataSync()).toEqual(Float32Array.of(6));
  });

  test("leaves a gradient to the tensor from outside that it belongs to", () => {
    const x = tensor([3, 4]);
    x.requiresGrad = true;
    for (let i = 0; i < 3; i++) scope(() => sum(mul(x, x)).backward());
    expect(x.grad!.dataSync()).toEqual(Float32Array.of(18, 24));
  });

  test("ends everything when the function throws, and the scope around it goes on", () => {
    const before = engine.info().bytesInUse;
    scope(() => {
      const here = ones([2]);
      expect(() =>
        scope(() => {
          ones([3]);
          throw new Error("inside");
        }),
      ).toThrow("inside");
      mul(here, here);
    });
    expect(engine.info().bytesInUse).toBe(before);
  });

  test("refuses an asynchronous function", () => {
    expect(() => scope(async () => ones([1]))).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringContaining("engine.scope: unsupported async function"),
      }),
    );
    expect(() => scope(() => Promise.reject(new Error("never seen")))).toThrow("unsupported async function");
  });

  test("a thousand steps need no more memory than one", () => {
    const w = ones([64]).persist();
    w.requiresGrad = true;
    const step = (): void => scope(() => sum(mul(mul(w, w), w)).backward());
    step();
    const { bytesInUse, peakBytes } = engine.info();
    for (let i = 0; i < 1000; i++) step();
    expect(engine.info()).toMatchObject({ bytesInUse, peakBytes });
  });
});

describe("an ended tensor", () => {
  test.each([
    ["data", (x: Tensor) => x.dataSync()],
    ["an operation", (x: Tensor) => mul(x, 2)],
    ["assign", (x: Tensor) => x.assign([1, 2])],
    ["view", (x: Tensor) => x.view([2, 1])],
  ])("is an error for %s, which says what to do", (_, use) => {
    let ended: Tensor | undefined;
    scope(() => {
      ended = ones([2]);
    });
    expect(() => use(ended!)).toThrow(
      "invalid use of an ended tensor of shape [2]: its scope is over; return it from engine.scope",
    );
  });

  test("may be ended again", () => {
    const x = ones([2]);
    x.end();
    x.end();
    expect(x.ended).toBe(true);
  });

  test("is an error for backward when the graph needs it", () => {
    const x = tensor([2, 3]);
    x.requiresGrad = true;
    const loss = scope(() => sum(mul(mul(x, x), x)));
    expect(() => loss.backward()).toThrow("ended tensor");
  });
});

test("a tensor from before engine.init is an error that says so", async () => {
  const old = ones([2]);
  await engine.init({ backend: "reference" });
  expect(() => old.dataSync()).toThrow("invalid use of a tensor from before the last engine.init");
});

describe("outside of any scope", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;

  async function collectFor(milliseconds: number, done: () => boolean): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (!done() && Date.now() < deadline) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  test("a tensor gives its memory back when it is collected", async () => {
    const before = engine.info().bytesInUse;
    for (let i = 0; i < 100; i++) scope(() => mul(ones([1000]), 2));
    expect(engine.info().bytesInUse).toBeGreaterThan(before);
    await collectFor(10_000, () => engine.info().bytesInUse === before);
    expect(engine.info().bytesInUse).toBe(before);
  });

  test("a tensor that was ended gives nothing back a second time, so that views of its memory stay", async () => {
    const before = engine.info().bytesInUse;
    const views = Array.from({ length: 100 }, () => {
      const whole = ones([8]);
      const view = whole.view([8]);
      whole.end();
      return view;
    });
    const held = engine.info().bytesInUse;
    await collectFor(200, () => false);
    expect(engine.info().bytesInUse).toBe(held);
    for (const view of views) view.end();
    expect(engine.info().bytesInUse).toBe(before);
  });
});
