import {
  add,
  type EigenvalueRoutine,
  engine,
  matmul,
  mul,
  Random,
  randomKey,
  spectralRadius,
  sum,
  tanh,
  type Tensor,
  tensor,
  zeros,
} from "@hiddenstate/core";
import { significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { mean, norm, slope } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { inTurn, pairs } from "../shares.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  batch: number;
  radii: readonly number[];
  /** Steps that the gradient goes back. */
  lags: number;
  /** The slope is fitted from here on: what a matrix does at first depends on more than its radius. */
  fitFrom: number;
  /** Standard deviation of what is added to every unit in every step. */
  drive: number;
}

const nonlinearities = ["linear", "tanh"] as const;
type Nonlinearity = (typeof nonlinearities)[number];

interface Decay {
  nonlinearity: Nonlinearity;
  radius: number;
  /** Slope of the logarithm of the gradient's norm per step back, by seed. */
  slopes: number[];
  /** The norm of dL/dh_{t-k} over that of dL/dh_t for k = 0, 1, 2, ..., the geometric mean over seeds. */
  norms: number[];
}

interface Numbers {
  fitFrom: number;
  lags: number;
  decays: Decay[];
}

/** How far a slope may be from the logarithm of the radius: two per cent of the norm a step. */
const tolerance = 0.02;

/** A gradient that shrank to less than this shows nothing but rounding and the flushing of tiny numbers. */
const least = 1e-25;

export const vanishing: Experiment<Settings, Numbers> = {
  name: "vanishing",
  claim:
    "Going back in time, the gradient shrinks or grows as the spectral radius of W_h to the power of the lag " +
    "(Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & " +
    "Bengio 2013).",
  criteria:
    "Holds if for every radius, linear and tanh, the fitted slope of ln |dL/dh_(t-k)| over k is within " +
    `${tolerance} of ln(radius); within limits if the linear network is and ` +
    "for tanh the radius is an upper bound; does not hold if the linear network is not, or tanh goes beyond the " +
    "bound; undecided if fewer than 10 lags could be fitted.",
  settings: {
    quick: { hidden: 64, batch: 8, radii: [0.8, 0.9, 1, 1.1, 1.2], lags: 60, fitFrom: 20, drive: 0.01 },
    thorough: { hidden: 128, batch: 16, radii: [0.8, 0.9, 1, 1.1, 1.2], lags: 100, fitFrom: 20, drive: 0.01 },
  },
  setUp: ({ hidden, batch, radii, lags, fitFrom, drive }) =>
    `h_t = f(W h_(t-1) + x_t) with f the identity or tanh, ${hidden} units, W drawn from the normal distribution ` +
    "and scaled to the spectral radius " +
    `${radii.join(", ")} (by its eigenvalues), x_t normal with deviation ${drive}, ${batch} rows, ${2 * lags} ` +
    "steps. The loss is the last state's product with a random vector. " +
    `The slope is fitted over lags ${fitFrom} to ${lags}.`,

  *measure(settings, { seeds, eigenvalues }: Bench) {
    const lines = pairs(nonlinearities, settings.radii);
    const decays = yield* inTurn(lines, function* ([nonlinearity, radius]) {
      const runs = yield* inTurn(seeds, function* (seed) {
        yield 0;
        return gradientNorms(nonlinearity, radius, settings, seed, eigenvalues);
      });
      const slopes = runs.map((norms) => fittedSlope(norms, settings.fitFrom));
      const norms = runs[0].map((_, k) => Math.exp(mean(runs.map((run) => Math.log(run[k])))));
      return { nonlinearity, radius, slopes, norms };
    });
    return { fitFrom: settings.fitFrom, lags: settings.lags, decays };
  },

  judge({ decays, fitFrom, lags }) {
    if (lags - fitFrom < 10) return undecided(`only ${lags - fitFrom} lags could be fitted`);
    const off = decays.map(({ nonlinearity, radius, slopes }) => {
      const excess = mean(slopes) - Math.log(radius);
      return { nonlinearity, radius, excess };
    });
    const linear = off.filter(({ nonlinearity }) => nonlinearity === "linear");
    const bent = off.filter(({ nonlinearity }) => nonlinearity === "tanh");
    const worst = (of: typeof off): number => Math.max(...of.map(({ excess }) => Math.abs(excess)));
    const told = `the linear network's slopes are within ${significant(worst(linear))} of ln(radius)`;
    if (!(worst(linear) <= tolerance)) {
      return doesNotHold(`the linear network's slope is up to ${significant(worst(linear))} away from ln(radius)`);
    }
    if (worst(bent) <= tolerance) return holds(`${told}, those of tanh within ${significant(worst(bent))}`);
    if (bent.every(({ excess }) => excess <= tolerance)) {
      const near = bent.filter(({ excess }) => Math.abs(excess) <= tolerance).map(({ radius }) => radius);
      const below = bent.filter(({ excess }) => excess < -tolerance);
      const upTo = near.length > 0 ? `so are those of tanh for the radii ${near.join(", ")}` : "those of tanh are not";
      return holdsWithinLimits(
        `${told}, ${upTo}; saturating units let tanh's gradient fall short of the radius by ` +
          `${below.map(({ radius, excess }) => `${significant(-excess)} a step at ${radius}`).join(", ")}: there ` +
          "the radius is a bound",
      );
    }
    return doesNotHold(`${told}, but tanh's gradient grows faster than the radius allows`);
  },

  tables: ({ decays }) => [
    {
      caption: "Slope of the logarithm of the gradient's norm per step back: mean and range over seeds",
      columns: ["f", "radius", "ln(radius)", "slope", "range", "difference"],
      rows: decays.map(({ nonlinearity, radius, slopes }) => [
        nonlinearity,
        String(radius),
        Math.log(radius).toFixed(4),
        mean(slopes).toFixed(4),
        `${Math.min(...slopes).toFixed(4)} to ${Math.max(...slopes).toFixed(4)}`,
        (mean(slopes) - Math.log(radius)).toFixed(4),
      ]),
    },
  ],

  figures: ({ decays }) =>
    nonlinearities.map((nonlinearity) => ({
      name: nonlinearity,
      caption: `The gradient's norm by lag, ${nonlinearity}; dashed: the radius to the power of the lag`,
      draw: () =>
        lineChart({
          title: `How the gradient shrinks and grows: ${nonlinearity}`,
          subtitle: "Norm of dL/dh k steps back, over that of the last step; dashed: radius to the power of k",
          x: "lag k, steps",
          y: "gradient's norm",
          logY: true,
          lines: decays
            .filter((decay) => decay.nonlinearity === nonlinearity)
            .flatMap(({ radius, norms }) => [
              { name: `radius ${radius}`, points: norms.map((y, x) => ({ x, y })) },
              {
                name: `radius ${radius}, theory`,
                colorOf: `radius ${radius}`,
                dashed: true,
                points: norms.map((_, x) => ({ x, y: radius ** x })),
              },
            ]),
        }),
    })),
};

/** The slope over the lags from `first` on whose norms are more than rounding. */
function fittedSlope(norms: readonly number[], first: number): number {
  const lags = [...norms.keys()].filter((k) => k >= first && norms[k] > least);
  return slope(
    lags,
    lags.map((k) => Math.log(norms[k])),
  );
}

/** |dL/dh_{t-k}| / |dL/dh_t| for k = 0 .. lags, on a state that ran for as many steps before. */
function gradientNorms(
  nonlinearity: Nonlinearity,
  radius: number,
  settings: Settings,
  seed: number,
  eigenvalues: EigenvalueRoutine,
): number[] {
  const { hidden, batch, lags, drive } = settings;
  const random = new Random(randomKey(seed, "lab", "vanishing"));
  const normal = (count: number, deviation: number): number[] =>
    Array.from({ length: count }, () => deviation * random.normal());
  const drawn = Float64Array.from(normal(hidden * hidden, 1));
  const scale = radius / spectralRadius(drawn, hidden, eigenvalues);
  return engine.scope(() => {
    const w = tensor(
      drawn.map((value) => scale * value),
      [hidden, hidden],
    );
    const direction = tensor(normal(batch * hidden, 1), [batch, hidden]);
    const inputs = Array.from({ length: 2 * lags }, () => normal(batch * hidden, drive));
    const advance = (h: Tensor, t: number, nudge: Tensor | null): Tensor => {
      const driven = add(matmul(h, w), tensor(inputs[t], [batch, hidden]));
      const next = nonlinearity === "tanh" ? tanh(driven) : driven;
      // The gradient of what is added to a state is the gradient of that state.
      return nudge ? add(next, nudge) : next;
    };
    let h = tensor(normal(batch * hidden, drive), [batch, hidden]);
    for (let t = 0; t < lags - 1; t++) h = advance(h, t, null);
    const nudges = Array.from({ length: lags + 1 }, () => {
      const nudge = zeros([batch, hidden]);
      nudge.requiresGrad = true;
      return nudge;
    });
    nudges.forEach((nudge, k) => {
      h = advance(h, lags - 1 + k, nudge);
    });
    sum(mul(h, direction)).backward();
    const norms = nudges.map((nudge) => norm(nudge.grad!.dataSync())).toReversed();
    return norms.map((one) => one / norms[0]);
  });
}
