import { beforeAll, describe, expect, test } from "vitest";
import { mainCombinations } from "../../test/cell-combinations.ts";
import { formulaOf } from "../../test/cell-formulas.ts";
import { normal, weightedSum } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { expectClose } from "../../test/golden.ts";
import { checkGradients } from "../autograd/gradient-check.ts";
import { add, mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { concat } from "../autograd/ops/concat.ts";
import { matmul } from "../autograd/ops/matmul.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { sigmoid, tanh } from "../autograd/ops/unary.ts";
import { engine } from "../engine.ts";
import { loadSafetensors, saveSafetensors } from "../io/safetensors.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { LSTM } from "./lstm.ts";
import { type CellState, Recurrence, type RecurrenceOptions } from "./recurrence.ts";

const [steps, batch, inputSize, hiddenSize] = [6, 4, 3, 5];
const lengths = [4, 0, 6, 1];

/** An LSTM in a few lines: its four gates are one product of [x; h] each. */
function ownLSTM(
  options: Partial<RecurrenceOptions<{ h: Tensor; c: Tensor }>> = {},
): Recurrence<{ h: Tensor; c: Tensor }> {
  const make = (name: string): Linear => new Linear({ inputSize: hiddenSize, outputSize: 4 * hiddenSize, name });
  const input = new Linear({ inputSize, outputSize: 4 * hiddenSize, name: "input" });
  const hidden = make("hidden");
  return new Recurrence({
    name: "own",
    state: { h: hiddenSize, c: hiddenSize },
    parts: { input, hidden },
    cell: (x, { h, c }) => {
      const gates = add(input.forward(x), hidden.forward(h));
      const gate = (k: number): Tensor => slice(gates, { axis: 1, start: k * hiddenSize, end: (k + 1) * hiddenSize });
      const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
      const output = mul(sigmoid(gate(3)), tanh(next));
      return { output, state: { h: output, c: next } };
    },
    ...options,
  });
}

function total(tensors: readonly Tensor[]): Tensor {
  return tensors.map(weightedSum).reduce((a, b) => add(a, b));
}

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));

  test.each([null, lengths])("a cell that re-implements the LSTM agrees with the fused one, lengths %j", (given) => {
    const fused = new LSTM({ inputSize, hiddenSize });
    const own = ownLSTM();
    const names = {
      weight_ih_l0: "input.weight",
      bias_ih_l0: "input.bias",
      weight_hh_l0: "hidden.weight",
      bias_hh_l0: "hidden.bias",
    };
    const [theirs, ours] = [fused.stateDict(), own.stateDict()];
    for (const [name, same] of Object.entries(names)) ours.get(same)!.assign(theirs.get(name)!.exactDataSync());
    const [x, y] = [normal([steps, batch, inputSize]), normal([steps, batch, inputSize])];
    x.requiresGrad = y.requiresGrad = true;
    const options = given ? { lengths: given } : {};
    const [a, b] = [fused.forward(x, options), own.forward(y, options)];
    expectClose(b.output, a.output, 1e-5);
    expectClose(b.state.h, reshape(a.state.h, [batch, hiddenSize]), 1e-5);
    expectClose(b.state.c, reshape(a.state.c, [batch, hiddenSize]), 1e-5);
    total([a.output, reshape(a.state.c, [batch, hiddenSize])]).backward();
    total([b.output, b.state.c]).backward();
    expectClose(y.grad, x.grad!, 1e-4, "gradient of x");
    for (const [name, same] of Object.entries(names))
      expectClose(ours.get(same)!.grad, theirs.get(name)!.grad!, 1e-4, same);
  });

  test("whole, steps, a row alone and streams have the same bits, and padding never reaches the cell", () => {
    const network = ownLSTM().eval();
    const x = normal([steps, batch, inputSize]);
    const values = x.exactDataSync();
    const clean = network.forward(x, { lengths }).output.exactDataSync();
    for (let t = 0; t < steps; t++) {
      for (let b = 0; b < batch; b++) {
        if (t >= lengths[b]) values.fill(NaN, (t * batch + b) * inputSize, (t * batch + b + 1) * inputSize);
      }
    }
    x.assign(values);
    expect(network.forward(x, { lengths }).output.exactDataSync()).toEqual(clean);
    const row = slice(x, { axis: 1, start: 2, end: 3 });
    const alone = network.forward(row).output.exactDataSync();
    const stream = network.stream();
    let state: { h: Tensor; c: Tensor } | undefined;
    for (let t = 0; t < steps; t++) {
      const expected = [...clean.subarray((t * batch + 2) * hiddenSize, (t * batch + 3) * hiddenSize)];
      const xt = reshape(slice(row, { start: t, end: t + 1 }), [1, inputSize]);
      const result = network.step(xt, state);
      state = result.state;
      expect([...alone.subarray(t * hiddenSize, (t + 1) * hiddenSize)]).toEqual(expected);
      expect([...result.output.exactDataSync()]).toEqual(expected);
      expect([...stream.push(xt.exactDataSync())]).toEqual([...Float32Array.from(expected)]);
    }
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  const plain = mainCombinations().filter(({ options }) => !options.residual && !options.learnedState);

  test.each(plain)("the formula of $title gives the kernels' numbers and gradients", ({ make, column, options }) => {
    const network = make({ inputSize, hiddenSize, name: "network" }).eval();
    network.namedParameters().forEach(([, values], i) => values.assign(normal([values.size], i).exactDataSync()));
    const parameters = new Map([...network.stateDict()].map(([name, values]) => [name.replace("_l0", ""), values]));
    const h = network.outputSize;
    const state: Record<string, number> = column === "lstm" ? { h, c: hiddenSize } : { h };
    const formula: Recurrence<CellState> = new Recurrence({
      state,
      cell: formulaOf(column, parameters, options.coupledGates ?? false),
    });
    const gradients = [network, formula].map((one) => {
      const x = normal([steps, batch, inputSize]);
      x.requiresGrad = true;
      for (const values of parameters.values()) {
        values.grad?.end();
        values.grad = null;
      }
      const result = one.forward(x, { lengths });
      const states = Object.values(result.state).map((part) => reshape(part, [batch, part.shape.at(-1)!]));
      total([result.output, ...states]).backward();
      const all = [x, ...parameters.values()].map(({ grad }) => [...grad!.exactDataSync()]);
      return [[...result.output.exactDataSync()], ...all];
    });
    // Conditioned as a normalisation of five numbers is; f64 itself is finer by three orders.
    gradients[0].forEach((values, i) => expectClose(values, gradients[1][i], 1e-9, `result ${i}`));
  });

  test.each([false, true])("finite differences agree with backward, reverse %s", (reverse) => {
    const network = ownLSTM({ reverse });
    const x = normal([steps, batch, inputSize]);
    const state = network.zeroState(batch);
    const loss = (): Tensor => {
      const result = network.forward(x, { lengths, state });
      return total([result.output, result.state.h, result.state.c]);
    };
    checkGradients(loss, [x, state.h, state.c, ...network.parameters()]);
  });

  test("read in reverse, each sequence begins at its own end", () => {
    const network = ownLSTM({ reverse: true });
    const x = normal([3, 2, inputSize]);
    const { output } = network.forward(x, { lengths: [3, 2] });
    const forwards = ownLSTM();
    forwards.loadStateDict(network.stateDict());
    const at = (t: number): Tensor =>
      reshape(slice(slice(x, { start: t, end: t + 1 }), { axis: 1, start: 1 }), [1, inputSize]);
    const first = forwards.step(at(1));
    const second = forwards.step(at(0), first.state);
    expectClose(
      reshape(slice(slice(output, { start: 0, end: 1 }), { axis: 1, start: 1 }), [1, hiddenSize]),
      second.output,
      1e-14,
    );
  });

  test("recomputed, it has the same numbers and gradients", () => {
    const gradients = [false, true].map((recompute) => {
      const network = ownLSTM();
      const x = normal([steps, batch, inputSize]);
      x.requiresGrad = true;
      const { output, state } = network.forward(x, { lengths, recompute });
      total([output, state.h, state.c]).backward();
      return [output, x.grad!, ...network.parameters().map(({ grad }) => grad!)].map((values) => [
        ...values.exactDataSync(),
      ]);
    });
    gradients[0].forEach((values, i) => expectClose(values, gradients[1][i], 1e-12));
  });

  test.each([null, lengths])(
    "recomputed with dropout inside, it has the masks of the first time, lengths %j",
    (given) => {
      const runs = [false, true].map((recompute) => {
        const [input, hidden] = [inputSize, hiddenSize].map(
          (width, i) => new Linear({ inputSize: width, outputSize: hiddenSize, name: `linear${i}` }),
        );
        const dropout = new Dropout({ rate: 0.4, name: "dropout" });
        // Nobody but the cell knows of this one.
        const unnamed = new Dropout({ rate: 0.4, name: "unnamed" });
        const network = new Recurrence({
          state: { h: hiddenSize },
          parts: { input, hidden, dropout },
          cell: (x, { h }) => {
            const next = tanh(add(input.forward(x), dropout.forward(hidden.forward(h))));
            return { output: unnamed.forward(next), state: { h: next } };
          },
        });
        const x = normal([steps, batch, inputSize]);
        x.requiresGrad = true;
        const loss = (): Tensor => {
          const { output, state } = network.forward(x, { lengths: given ?? undefined, recompute });
          return total([output, state.h]);
        };
        // A second pass begins with the counts that the first left behind.
        add(loss(), loss()).backward();
        const gradients = [x, ...network.parameters()].map(({ grad }) => [...grad!.exactDataSync()]);
        return { gradients, draws: [network.drawCounts(), unnamed.drawCounts()] };
      });
      expect(runs[1].draws).toEqual(runs[0].draws);
      runs[0].gradients.forEach((values, i) => expectClose(values, runs[1].gradients[i], 1e-12));
    },
  );

  test("a recomputed recurrence in the cell of a recomputed one has the masks of the first time, too", () => {
    const gradients = [false, true].map((recompute) => {
      const dropout = new Dropout({ rate: 0.4, name: "dropout" });
      const linear = new Linear({ inputSize, outputSize: inputSize, name: "linear" });
      const state = { h: inputSize };
      const inner = new Recurrence({
        state,
        parts: { dropout, linear },
        cell: (x, { h }) => {
          const next = tanh(add(dropout.forward(linear.forward(x)), h));
          return { output: next, state: { h: next } };
        },
      });
      const outer = new Recurrence({
        state,
        parts: { inner },
        cell: (x, { h }) => {
          const next = inner.forward(reshape(concat([x, h, x, h]), [4, x.shape[0], inputSize]), { recompute }).state.h;
          return { output: next, state: { h: next } };
        },
      });
      total([outer.forward(normal([steps, batch, inputSize]), { lengths, recompute }).output]).backward();
      return outer.parameters().map(({ grad }) => [...grad!.exactDataSync()]);
    });
    gradients[0].forEach((values, i) => expectClose(values, gradients[1][i], 1e-12));
  });

  test("recomputed, it reads tensors that were computed outside of the cell", () => {
    const gradients = [false, true].map((recompute) => {
      const [weight, shift] = [normal([inputSize, hiddenSize], 1), normal([hiddenSize], 2)];
      const x = normal([steps, batch, inputSize]);
      weight.requiresGrad = shift.requiresGrad = true;
      const doubled = mul(weight, 2);
      const network = new Recurrence({
        state: { h: hiddenSize },
        cell: (xt, { h }) => {
          const next = tanh(add(add(matmul(xt, doubled), h), shift));
          return { output: next, state: { h: next } };
        },
      });
      const { output } = network.forward(x, { recompute });
      total([output, doubled]).backward();
      return [weight, shift].map(({ grad }) => [...grad!.exactDataSync()]);
    });
    gradients[0].forEach((values, i) => expectClose(gradients[1][i], values, 1e-12));
  });

  test.each<
    [
      message: string,
      cell: (doubled: Tensor, noise: Dropout) => RecurrenceOptions<{ h: Tensor }>["cell"],
      evaluated: boolean,
    ]
  >([
    [
      "recompute: unsupported use of a tensor of shape [1] (made by mul) in some time steps only: it was made outside of the cell, and the last " +
        "steps did not read it; make it inside the cell, read it at every step, or leave recompute out",
      (doubled) =>
        (x, { h }) => {
          const isFirst = h.exactDataSync().every((value) => value === 0);
          return { output: x, state: { h: isFirst ? add(x, doubled) : add(h, x) } };
        },
      false,
    ],
    [
      "recompute: invalid second run of a chunk: it drew 0 random masks and the first run 2; what is recomputed must do the same each time",
      (_, noise) =>
        (x, { h }) => ({ output: x, state: { h: add(h, noise.forward(x)) } }),
      true,
    ],
  ])("recomputing is refused with: %s", (message, cell, evaluated) => {
    const noise = new Dropout({ rate: 0.5 });
    const p = tensor([1], [1]);
    p.requiresGrad = true;
    const network = new Recurrence({ state: { h: 2 }, parts: { noise }, cell: cell(mul(p, 2), noise) });
    const x = normal([4, 3, 2]);
    x.requiresGrad = true;
    const loss = sum(network.forward(x, { recompute: true }).state.h);
    if (evaluated) network.eval();
    expect(() => loss.backward()).toThrow(message);
  });
});

describe("a recurrence of one's own", () => {
  beforeAll(() => engine.init({ backend: "reference" }));

  test("is saved and loaded with its parts' parameters", async () => {
    const [one, other] = [ownLSTM(), ownLSTM()];
    other.loadStateDict(loadSafetensors(await saveSafetensors(one.stateDict())).tensors);
    expect([...one.stateDict().keys()]).toEqual(["input.weight", "input.bias", "hidden.weight", "hidden.bias"]);
    expect(other.stateDict().get("hidden.weight")!.dataSync()).toEqual(
      one.stateDict().get("hidden.weight")!.dataSync(),
    );
  });

  test("streams without dropout while it trains, and goes on training", () => {
    const drop = new Dropout({ rate: 0.5 });
    const network = new Recurrence({
      state: { h: 8 },
      parts: { drop },
      cell: (x, { h }) => {
        const output = add(drop.forward(x), h);
        return { output, state: { h: output } };
      },
    });
    const x = [1, 2, 3, 4, 5, 6, 7, 8];
    expect([...network.stream().push(x)]).toEqual(x);
    expect([network.training, drop.training]).toEqual([true, true]);
  });

  test("refuses to load what is no tensor", () => {
    const linear = new Linear({ inputSize: 1, outputSize: 1, bias: false });
    expect(() => linear.loadStateDict({ weight: [1] as never })).toThrow(
      "loadStateDict: invalid weight: got [1], expected a tensor",
    );
  });

  test("goes on in a stream where a state was saved", () => {
    const stream = ownLSTM().stream();
    stream.push([1, 2, 3]);
    const saved = JSON.stringify(stream.state());
    const next = stream.push([4, 5, 6]);
    stream.reset();
    expect(stream.push([4, 5, 6])).not.toEqual(next);
    stream.restore(JSON.parse(saved) as ReturnType<typeof stream.state>);
    expect(stream.push([4, 5, 6])).toEqual(next);
  });

  const x = (): Tensor => normal([2, 3, inputSize]);
  const returning = (state: (h: Tensor) => CellState, output = (h: Tensor): Tensor => h): (() => unknown) => {
    const cell: RecurrenceOptions<CellState>["cell"] = (_, { h }) => ({ output: output(h), state: state(h) });
    return () => new Recurrence<CellState>({ state: { h: 4 }, cell }).forward(x());
  };

  test.each<[message: string, run: () => unknown]>([
    [
      "recurrence.forward: mismatch in the cell's result at step 0: state.h: got [3, 2], expected [3, 4] ([rows, width], and the recurrence " +
        "was made with state: { h: 4 })",
      returning((h) => ({ h: slice(h, { axis: 1, end: 2 }) })),
    ],
    ["missing the cell's result at step 0: state.h: got undefined", returning(() => ({}))],
    [
      'unknown part of the cell\'s result at step 0: state: "c"; the recurrence was made with h',
      returning((h) => ({ h, c: h })),
    ],
    [
      "mismatch in the cell's result at step 0: output: got [2, 4], expected [3, O], a row for each row of x",
      returning(
        (h) => ({ h }),
        (h) => slice(h, { end: 2 }),
      ),
    ],
    [
      "invalid the cell's result at step 0: output: got undefined",
      returning(
        (h) => ({ h }),
        () => undefined as never,
      ),
    ],
    ["new Recurrence: invalid cell: got undefined", () => new Recurrence({ state: { h: 4 } } as never)],
    [
      "new Recurrence: invalid state: got Object, expected the width of each part",
      () => new Recurrence({ state: {}, cell: (_, state) => ({ output: _, state }) }),
    ],
    [
      "new Recurrence: invalid state.h: got 0, expected the part's width, a whole number at least 1",
      () => new Recurrence({ state: { h: 0 }, cell: (_, state) => ({ output: _, state }) }),
    ],
    ["new Recurrence: invalid parts.w: got 3, expected a Module", () => ownLSTM({ parts: { w: 3 as never } })],
    ["recurrence.stream: unsupported with reverse", () => ownLSTM({ reverse: true }).stream()],
    ["unsupported recompute with reverse", () => ownLSTM({ reverse: true }).forward(x(), { recompute: true })],
    [
      "recurrence.forward: invalid options: got a state, which goes in { state }",
      () => ownLSTM().forward(x(), ownLSTM().zeroState(3) as never),
    ],
    [
      "recurrence.forward: mismatch in state.h: got [2, 5]",
      () => ownLSTM().forward(x(), { state: ownLSTM().zeroState(2) }),
    ],
  ])("refuses with: %s", (message, run) => {
    expect(run).toThrow(message);
  });
});
