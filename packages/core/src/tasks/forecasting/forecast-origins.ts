import { Random, randomKey } from "../../memory/random.ts";
import { quantile as quantileOf } from "../../metrics/quantile.ts";
import type { Forecasted } from "./heads/head.ts";
import { valueOf } from "./preprocessing.ts";
import { type Predictor, valueAhead } from "./predictor.ts";
import type { Origin } from "./windows.ts";

/** What is forecast from one origin. */
export interface OriginForecast {
  origin: Origin;
  /** For each step ahead. */
  values: number[];
  /** The value above which the step `ahead` (from 1) lies with probability 1 - `probability`. */
  quantile: (ahead: number, probability: number) => number;
  /** Sampled paths; empty where none were needed. */
  paths: number[][];
}

/** How to forecast. */
export interface OriginOptions {
  horizon: number;
  /** Paths sampled from each origin; 0: none. */
  samples: number;
  seed: number;
  /** What a point forecast lacks; the step counts from 0. */
  complete: (forecast: Forecasted, step: number) => Forecasted;
}

/**
 * Forecasts from some origins. Where K steps are forecast at once, or one only, quantiles are the distribution's own; later steps' are those
 * of the sampled paths. The draws of a path depend on the seed, the series' id, the origin and the path's number only.
 */
export function* forecastOrigins(
  predictor: Predictor,
  origins: readonly Origin[],
  { horizon, samples, seed, complete }: OriginOptions,
): Generator<void, OriginForecast[]> {
  const { plan } = predictor;
  const { preprocessing } = plan;
  const first = yield* predictor.ahead(origins);
  const own = (ahead: number, of: (typeof first)[number], probability: number): number =>
    valueAhead(complete(of.steps[ahead - 1], ahead - 1).quantile(probability), of, ahead, plan);
  if (horizon <= plan.steps && (samples === 0 || plan.steps > 1)) {
    return first.map((each) => ({
      origin: each.origin,
      values: Array.from({ length: horizon }, (_, k) => valueAhead(each.steps[k].point, each, k + 1, plan)),
      quantile: (ahead, probability) => own(ahead, each, probability),
      paths: [],
    }));
  }
  const likely = yield* predictor.paths(origins, horizon, 1, ({ point }) => point);
  const randoms = new Map<Origin, Random[]>(
    origins.map((origin) => {
      const path = `${origin.series.id}\0${origin.origin}`;
      return [origin, Array.from({ length: samples }, (_, i) => new Random(randomKey(seed, "paths", path, i)))];
    }),
  );
  const drawn =
    samples === 0
      ? []
      : yield* predictor.paths(origins, horizon, samples, (forecast, origin, path) =>
          complete(forecast, 0).draw(randoms.get(origin)![path]),
        );
  const values = (levels: Float64Array): number[] => Array.from(levels, (level) => valueOf(level, preprocessing));
  return origins.map((origin, i) => {
    const paths = (drawn[i] ?? []).map(values);
    const sorted: Float64Array[] = [];
    return {
      origin,
      values: values(likely[i][0]),
      quantile: (ahead, probability) => {
        if (ahead === 1) return own(1, first[i], probability);
        sorted[ahead] ??= Float64Array.from(paths, (path) => path[ahead - 1]).toSorted();
        return quantileOf(sorted[ahead], probability);
      },
      paths,
    };
  });
}
