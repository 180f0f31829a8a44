import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../test/golden.ts";
import { add, mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { engine } from "../engine.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { Adam, AdamW } from "./adam.ts";
import type { Optimizer, Parameters } from "./optimizer.ts";
import { SGD } from "./sgd.ts";

interface Trajectory {
  optimizer: "sgd" | "adam" | "adamw";
  options: { lr: number; eps?: number };
  groups: { parameters: string[]; lr?: number; weightDecay?: number }[] | null;
  parameters: Record<string, GoldenArray>;
  steps: { gradients: Record<string, GoldenArray>; parameters: Record<string, GoldenArray> }[];
}

const trajectories = [
  "sgd",
  "sgd-momentum",
  "sgd-nesterov",
  "sgd-weight-decay",
  "sgd-nesterov-weight-decay",
  "sgd-groups",
  "adam",
  "adam-betas",
  "adam-weight-decay",
  "adamw",
  "adamw-groups",
];

function start(name: string) {
  const fixture = loadFixture<Trajectory>(`optim/${name}.json`);
  const parameters = Object.fromEntries(
    Object.entries(fixture.parameters).map(([key, array]) => [key, goldenTensor(array, { requiresGrad: true })]),
  );
  const { eps, ...others } = fixture.options;
  const options = eps === undefined ? others : { ...others, epsilon: eps };
  const given: Parameters = fixture.groups
    ? fixture.groups.map((group) => ({ ...group, parameters: group.parameters.map((key) => parameters[key]) }))
    : Object.values(parameters);
  const kinds = { sgd: SGD, adam: Adam, adamw: AdamW };
  const optimizer: Optimizer = new kinds[fixture.optimizer](given, options);
  return { fixture, parameters, optimizer };
}

function takeStep(step: Trajectory["steps"][number], parameters: Record<string, Tensor>, optimizer: Optimizer): void {
  for (const [key, parameter] of Object.entries(parameters)) parameter.grad = goldenTensor(step.gradients[key]);
  optimizer.step();
}

function bits(parameters: Record<string, Tensor>): number[] {
  return Object.values(parameters).flatMap((parameter) => [...parameter.exactDataSync()]);
}

function trainable(values: number[], gradient?: number[]): Tensor {
  const result = tensor(values);
  result.requiresGrad = true;
  if (gradient) result.grad = tensor(gradient);
  return result;
}

function loss(weights: Tensor, example: Tensor): Tensor {
  const product = mul(weights, example);
  return sum(mul(product, product));
}

describe.each(everyEngine)("optimisers on $name", ({ options }) => {
  beforeAll(async () => {
    await engine.init(options);
  });

  test.each(trajectories)("%s takes PyTorch's 20 steps", (name) => {
    const { fixture, parameters, optimizer } = start(name);
    fixture.steps.forEach((step, i) => {
      takeStep(step, parameters, optimizer);
      for (const [key, parameter] of Object.entries(parameters)) {
        expectClose(
          parameter,
          step.parameters[key],
          toleranceHere(fixture.tolerance).forward,
          `${key} after step ${i}`,
        );
      }
    });
  });

  test.each(trajectories)("%s goes on with the same bits from a saved state", (name) => {
    const whole = start(name);
    for (const step of whole.fixture.steps) takeStep(step, whole.parameters, whole.optimizer);

    const first = start(name);
    const second = start(name);
    for (const step of first.fixture.steps.slice(0, 7)) takeStep(step, first.parameters, first.optimizer);
    for (const [key, parameter] of Object.entries(second.parameters)) {
      parameter.assign(first.parameters[key].exactDataSync());
    }
    second.optimizer.loadStateDict(first.optimizer.stateDict());
    for (const step of second.fixture.steps.slice(7)) takeStep(step, second.parameters, second.optimizer);
    expect(bits(second.parameters)).toEqual(bits(whole.parameters));
  });
});

describe("an optimiser", () => {
  beforeAll(async () => {
    await engine.init({ backend: "reference", precision: "f64" });
  });

  test("a group may be an iterator, which has nothing left the second time", () => {
    const [a, b] = [trainable([1], [1]), trainable([2], [1])];
    const adam = new Adam([{ parameters: [a, b, a].values() }]);
    expect(adam.parameters).toEqual([a, b]);
    adam.step();
    expect(a.itemSync()).toBeLessThan(1);
  });

  test("updates a tied parameter once", () => {
    const tied = trainable([1], [1]);
    const optimizer = new SGD([tied, tied], { lr: 0.25 });
    optimizer.step();
    expect(tied.itemSync()).toBe(0.75);
    expect(optimizer.parameters).toEqual([tied]);
  });

  test("skips frozen parameters and those without a gradient, and their step count stands still", () => {
    const [trained, frozen, unused] = [trainable([1], [1]), trainable([1], [1]), trainable([1])];
    frozen.requiresGrad = false;
    const adam = new Adam([trained, frozen, unused]);
    adam.step();
    expect([frozen.itemSync(), unused.itemSync()]).toEqual([1, 1]);
    expect(trained.itemSync()).toBeLessThan(1);
    frozen.requiresGrad = true;
    adam.step();
    expect([adam.stateDict().get("0.step"), adam.stateDict().get("1.step")]).toEqual([2, 1]);
    expect(adam.stateDict().has("2.step")).toBe(false);
  });

  test("does nothing without any gradient", () => {
    const unused = trainable([1]);
    new SGD([unused], { lr: 1 }).step();
    expect(unused.itemSync()).toBe(1);
  });

  test("follows lr exactly, and groups keep their ratio to it", () => {
    const [plain, faster] = [trainable([0], [1]), trainable([0], [1])];
    const sgd = new SGD([{ parameters: [plain] }, { parameters: [faster], lr: 0.5 }], { lr: 0.25 });
    sgd.lr = 0.1;
    sgd.step();
    expect([plain.itemSync(), faster.itemSync()]).toEqual([-0.1, -0.2]);
  });

  test("says that the parameters changed", () => {
    const trained = trainable([1], [1]);
    const before = trained.storage.version;
    new SGD([trained], { lr: 1 }).step();
    expect(trained.storage.version).toBe(before + 1);
  });

  test("zeroGrad keeps the memory of a persistent parameter's gradient for the next one", () => {
    const trained = trainable([1], [1]);
    const gradient = trained.grad!.persist();
    new SGD([trained], { lr: 1 }).zeroGrad();
    expect(trained.grad).toBe(null);
    expect(trained.spareGrad).toBe(gradient);
  });

  test("zeroGrad leaves a gradient that belongs to a scope to that scope", () => {
    const trained = trainable([1], [1]);
    new SGD([trained], { lr: 1 }).zeroGrad();
    expect(trained.spareGrad).toBe(null);
  });

  test("takes a batch computed in parts like the whole batch", () => {
    const [whole, parts] = [trainable([0.5, -0.25]), trainable([0.5, -0.25])];
    const examples = [tensor([1, 2]), tensor([3, 4])];
    mul(add(loss(whole, examples[0]), loss(whole, examples[1])), 0.5).backward();
    for (const example of examples) mul(loss(parts, example), 0.5).backward();
    for (const weights of [whole, parts]) new SGD([weights], { lr: 0.125 }).step();
    expectClose(parts, whole, 1e-15);
    expectClose(whole, [0.5 - 0.125 * 0.5 * (1 + 9), -0.25 + 0.125 * 0.25 * (4 + 16)], 1e-15);
  });

  test("starts from no gradient after zeroGrad, in the same memory", () => {
    const weights = trainable([2]).persist();
    const optimizer = new SGD([weights], { lr: 1 });
    mul(weights, 3).backward();
    const { offset } = weights.grad!;
    optimizer.zeroGrad();
    mul(weights, 5).backward();
    expect([weights.grad!.itemSync(), weights.grad!.offset]).toEqual([5, offset]);
  });

  test("keeps its memory out of scopes", () => {
    const trained = trainable([1], [1]);
    const adam = new Adam([trained]);
    engine.scope(() => adam.step());
    const { bytesInUse } = engine.info();
    for (let i = 0; i < 100; i++) engine.scope(() => adam.step());
    expect(engine.info().bytesInUse).toBe(bytesInUse);
    expect(adam.stateDict().get("0.step")).toBe(101);
  });

  test.each([
    [
      "a parameter in two groups",
      /new SGD: group 1: invalid parameters: a tensor of shape \[1\] is in group 0 too/,
      () => {
        const tied = trainable([1]);
        return new SGD([{ parameters: [tied] }, { parameters: [tied] }], { lr: 1 });
      },
    ],
    ["no parameters", /new Adam: missing parameters/, () => new Adam([])],
    [
      "something that is no tensor",
      /invalid parameters: got 3 among them/,
      () => new Adam([{ parameters: [3 as never] }]),
    ],
    ["whole numbers", /got an int32 tensor among them/, () => new Adam([tensor([1], [1], { dtype: "int32" })])],
    [
      "an unknown option",
      /new Adam: unknown option "weightdecay"; did you mean "weightDecay"\?/,
      () => new Adam([trainable([1])], { weightdecay: 1 } as never),
    ],
    [
      "an unknown option of a group",
      /new Adam: group 0: unknown option "rate"/,
      () => new Adam([{ parameters: [trainable([1])], rate: 1 } as never]),
    ],
    [
      "a learning rate of 0",
      /new AdamW: invalid lr: got 0, expected a number above 0/,
      () => new AdamW([trainable([1])], { lr: 0 }),
    ],
    ["bad betas", /new Adam: invalid betas: got \[0.9, 1\]/, () => new Adam([trainable([1])], { betas: [0.9, 1] })],
    [
      "Nesterov without momentum",
      /new SGD: invalid nesterov/,
      () => new SGD([trainable([1])], { lr: 1, nesterov: true }),
    ],
    ["no learning rate", /new SGD: missing option "lr"/, () => new SGD([trainable([1])], {} as never)],
    [
      "an epsilon so small that a step is divided by nearly nothing",
      /new Adam: invalid epsilon: got 1e-20, expected a number at least 1e-12/,
      () => new Adam([trainable([1])], { epsilon: 1e-20 }),
    ],
    [
      "NaN as learning rate later",
      /optimizer.lr: invalid value: got NaN/,
      () => {
        new Adam([trainable([1])]).lr = NaN;
      },
    ],
  ] as const)("refuses %s", (_, message, make) => {
    expect(make).toThrow(message);
  });

  test.each([
    [
      "another kind's state",
      /unknown entry "0.momentum"/,
      new Map<string, number | Tensor>([
        ["lr", 1],
        ["0.momentum", 1],
      ]),
    ],
    [
      "a state for more parameters",
      /unknown entry "1.step"/,
      new Map([
        ["lr", 1],
        ["1.step", 1],
      ]),
    ],
    [
      "half a state",
      /missing entry "0.firstMoment"/,
      new Map([
        ["lr", 1],
        ["0.step", 1],
      ]),
    ],
    ["something else", /missing number "lr"/, new Map()],
  ])("refuses %s", (_, message, state) => {
    expect(() => new Adam([trainable([1])]).loadStateDict(state)).toThrow(message);
  });

  test("refuses moments of another shape and changes nothing", () => {
    const state = new Adam([trainable([1, 2], [1, 1])]);
    state.step();
    const other = new Adam([trainable([1], [1])]);
    expect(() => other.loadStateDict(state.stateDict())).toThrow(
      /mismatch in 0.firstMoment: got \[2\], expected \[1\]/,
    );
    expect([...other.stateDict().keys()]).toEqual(["lr"]);
  });
});
