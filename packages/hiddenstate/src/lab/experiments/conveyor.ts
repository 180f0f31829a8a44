import {
  add,
  engine,
  horizonShare,
  LSTM,
  memoryHorizon,
  mul,
  noGrad,
  observe,
  Random,
  randomKey,
  reshape,
  slice,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "@hiddenstate/core";
import { significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { mean, norm } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { setForgetBias } from "../networks.ts";
import { inTurn, pairs } from "../shares.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  inputs: number;
  batch: number;
  lags: number;
  biases: readonly number[];
}

/** Where the gradient may go: through the cell states only, through the hidden states only, or everywhere. */
const paths = ["along c", "along h", "both"] as const;
type Path = (typeof paths)[number];

interface Flow {
  bias: number;
  path: Path;
  /** Norm of the gradient of the state k steps back over that of the last cell state, k = 0, 1, 2, ...: geometric mean over seeds. */
  norms: number[];
  /** Mean of the products of forget gates over k steps, as the forward pass had them; the same for every path. */
  gates: number[];
}

interface Numbers {
  lags: number;
  flows: Flow[];
}

/** How many times as far it must reach along c as along h; and how near to the product of the forget gates it must stay. */
const [timesAsFar, nearGates] = [2, 0.05];

export const conveyor: Experiment<Settings, Numbers> = {
  name: "conveyor",
  claim:
    "The LSTM's cell state is an additive path on which the gradient is multiplied by forget gates only, so it " +
    "reaches further than through the hidden state, and a higher " +
    "forget bias makes it reach further still (Gers, Schmidhuber & Cummins 2000; Jozefowicz, Zaremba & Sutskever " +
    "2015).",
  criteria:
    `Holds if for every forget bias the gradient along c stays within ${nearGates * 100} % of the product of the ` +
    `forget gates and keeps 1 % of its norm for at least ${timesAsFar} times as many ` +
    "steps as along h, and if a higher bias reaches further; within limits if it reaches so much further for " +
    "some biases only; does not hold if for none, or if it leaves the gates' product; undecided " +
    "if it was followed for fewer than 10 steps.",
  settings: {
    quick: { hidden: 32, inputs: 16, batch: 16, lags: 60, biases: [0, 1, 3] },
    thorough: { hidden: 64, inputs: 32, batch: 32, lags: 150, biases: [0, 1, 3] },
  },
  setUp: ({ hidden, inputs, batch, lags, biases }) =>
    `An LSTM of ${hidden} units as it starts, forget bias ${biases.join(", ")}, on ${batch} rows of normal noise ` +
    `of width ${inputs}, for ${lags} steps after as many to settle. Steps are taken one by one, ` +
    "and the state that goes on is cut from the gradient either in h (what is left goes along c), or in c, or " +
    "nowhere. The loss is the last cell state's product with a random vector.",

  *measure(settings, { seeds }: Bench) {
    const lines = pairs(settings.biases, paths);
    const flows = yield* inTurn(lines, function* ([bias, path]) {
      const runs = yield* inTurn(seeds, function* (seed) {
        yield 0;
        return flowOf(bias, path, settings, seed);
      });
      const over = (pick: (run: (typeof runs)[number]) => number[]): number[] =>
        pick(runs[0]).map((_, k) => Math.exp(mean(runs.map((run) => Math.log(pick(run)[k])))));
      return { bias, path, norms: over(({ norms }) => norms), gates: over(({ gates }) => gates) };
    });
    return { lags: settings.lags, flows };
  },

  judge({ flows, lags }) {
    if (lags < 10) return undecided(`the gradient was followed for ${lags} steps only`);
    const biases = [...new Set(flows.map(({ bias }) => bias))].toSorted((a, b) => a - b);
    const flow = (bias: number, path: Path): Flow => flows.find((one) => one.bias === bias && one.path === path)!;
    const found = biases.map((bias) => ({
      bias,
      c: horizonOf(flow(bias, "along c").norms),
      h: horizonOf(flow(bias, "along h").norms),
      off: distanceFromGates(flow(bias, "along c")),
    }));
    const told = found
      .map(({ bias, c, h }) => `bias ${bias}: ${reach(c, lags)} steps along c, ${reach(h, lags)} along h`)
      .join("; ");
    const off = Math.max(...found.map((one) => one.off));
    if (!(off <= nearGates)) {
      return doesNotHold(
        `the gradient along c is up to ${significant(off * 100)} % off the product of the forget gates`,
      );
    }
    const rising = found.every(({ c }, i) => i === 0 || c > found[i - 1].c || c === lags);
    const far = found.filter(({ c, h }) => c >= timesAsFar * h || (c === lags && h < lags));
    if (far.length === found.length && rising) return holds(`1 % of the gradient is left after: ${told}`);
    if (far.length === 0) return doesNotHold(`the gradient reaches no further along c: ${told}`);
    const where = far.map(({ bias }) => bias).join(", ");
    return holdsWithinLimits(
      `only with a forget bias of ${where}${rising ? "" : ", and a higher bias does not always reach further"}; ` +
        `1 % of the gradient is left after: ${told}`,
    );
  },

  tables: ({ flows, lags }) => [
    {
      caption:
        "How far the gradient reaches: steps until 1 % of its norm is left, and the share of the norm kept in a " +
        "step (both geometric means over seeds)",
      columns: ["forget bias", "path", "steps to 1 %", "kept a step", "product of forget gates, a step"],
      rows: flows.map(({ bias, path, norms, gates }) => {
        const end = horizonOf(norms);
        return [
          String(bias),
          path,
          reach(end, lags),
          significant(norms[end] ** (1 / end)),
          path === "along c" ? significant(gates[end] ** (1 / end)) : "",
        ];
      }),
    },
  ],

  figures: ({ flows }) => [
    {
      name: "paths",
      caption: "The gradient's norm by lag along the cell state (whole lines) and along the hidden state (dashed)",
      draw: () =>
        lineChart({
          title: "The conveyor belt: gradient along c and along h",
          subtitle:
            "Norm of the gradient k steps back over that of the last cell state; dashed: through the hidden state only",
          x: "lag k, steps",
          y: "gradient's norm",
          logY: true,
          levels: [{ y: horizonShare, name: "1 %" }],
          lines: flows
            .filter(({ path }) => path !== "both")
            .map(({ bias, path, norms }) => ({
              name: path === "along c" ? `forget bias ${bias}` : `forget bias ${bias}, along h`,
              ...(path === "along h" && { colorOf: `forget bias ${bias}`, dashed: true }),
              points: norms.map((y, x) => ({ x, y: y > 1e-9 ? y : NaN })),
            })),
        }),
    },
  ],
};

const horizonOf = (norms: readonly number[]): number => Math.max(1, memoryHorizon(norms).steps);

const reach = (horizonLag: number, lags: number): string =>
  horizonLag === lags ? `more than ${lags}` : String(horizonLag);

/** The largest relative difference from the product of the forget gates while 1 % is left. */
function distanceFromGates({ norms, gates }: Flow): number {
  const end = horizonOf(norms);
  return Math.max(...norms.slice(1, end + 1).map((value, i) => Math.abs(value / gates[i + 1] - 1)));
}

function flowOf(bias: number, path: Path, settings: Settings, seed: number): { norms: number[]; gates: number[] } {
  const { hidden, inputs, batch, lags } = settings;
  engine.setSeed(seed);
  const lstm = new LSTM({ inputSize: inputs, hiddenSize: hidden, name: "lab.conveyor" });
  setForgetBias(lstm.stateDict().get("bias_ih_l0")!, bias);
  const random = new Random(randomKey(seed, "lab", "conveyor"));
  const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const x = tensor(normal(2 * lags * batch * inputs), [2 * lags, batch, inputs]);
  const direction = normal(batch * hidden);
  const [{ gates }] = observe(lstm, () => void lstm.forward(x));
  return {
    norms: statesGradients(lstm, path, x, direction, lags),
    gates: gateProducts(gates.forget, direction, lags),
  };
}

/** The gradient's norm at the states k = 0 .. lags steps before the last, over that at the last. */
function statesGradients(lstm: LSTM, path: Path, x: Tensor, direction: Float32Array, lags: number): number[] {
  const [steps, batch] = x.shape as [number, number, number];
  const hidden = lstm.options.hiddenSize;
  return engine.scope(() => {
    const start = noGrad(() => lstm.forward(slice(x, { end: steps - lags })).state);
    // The gradient of what is added to a state is the gradient of that state.
    const nudges: Tensor[] = [];
    const nudged = (state: Tensor): Tensor => {
      const nudge = zeros([1, batch, hidden]);
      nudge.requiresGrad = true;
      nudges.push(nudge);
      return add(state, nudge);
    };
    let { h, c } = start;
    for (let t = steps - lags; t < steps; t++) {
      if (path === "along c") [h, c] = [h.detach(), nudged(c)];
      else if (path === "along h") [h, c] = [nudged(h), c.detach()];
      else c = nudged(c);
      const xt = reshape(slice(x, { start: t, end: t + 1 }), [batch, x.shape[2]]);
      ({ h, c } = lstm.step(xt, { h, c }).state);
    }
    sum(mul(c, tensor(direction, [1, batch, hidden]))).backward();
    const last = norm(direction);
    return [1, ...nudges.map((nudge) => norm(nudge.grad!.dataSync()) / last).toReversed()];
  });
}

/** The norm of the direction times the forget gates of the last k steps, over its own, for k = 0 .. lags. */
function gateProducts(forget: ArrayLike<number>, direction: Float32Array, lags: number): number[] {
  const width = direction.length;
  const last = norm(direction);
  const flowing = Float64Array.from(direction);
  const products = [1];
  for (let k = 1; k <= lags; k++) {
    const step = forget.length - k * width;
    for (let i = 0; i < width; i++) flowing[i] *= forget[step + i];
    products.push(norm(flowing) / last);
  }
  return products;
}
