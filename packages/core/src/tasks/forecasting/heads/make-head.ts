import { gaussianHead } from "./gaussian.ts";
import type { Head } from "./head.ts";
import { negativeBinomialHead } from "./negative-binomial.ts";
import { type PointLoss, pointHead } from "./point.ts";
import { quantileHead } from "./quantile.ts";
import { studentTHead } from "./student-t.ts";

/** What a forecast is: a number, some quantiles, or a distribution. */
export const headKinds = ["point", "quantile", "gaussian", "student-t", "negative-binomial"] as const;
export type HeadKind = (typeof headKinds)[number];

/** Makes a head by its name. */
export function makeHead(kind: HeadKind, { loss, levels }: { loss: PointLoss; levels: readonly number[] }): Head {
  switch (kind) {
    case "point":
      return pointHead(loss);
    case "quantile":
      return quantileHead(levels);
    case "gaussian":
      return gaussianHead;
    case "student-t":
      return studentTHead;
    case "negative-binomial":
      return negativeBinomialHead;
  }
}
