/** Functions of probability in double precision, for reading distributions; training uses differentiable ones. */

/** Lanczos' coefficients for g = 7, n = 9 (Godfrey). */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0, to about 15 digits. */
export function logGammaOf(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGammaOf(1 - x);
  const t = x + 6.5;
  let sum = lanczos[0];
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i] / (x - 1 + i);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (Numerical Recipes 6.4; Lentz's method).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGammaOf(a + b) - logGammaOf(a) - logGammaOf(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on this side of the mean only.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < 10_000; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      result *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

/** The standard normal distribution's probability of being at most x. */
export function normalCumulative(x: number): number {
  return x < 0 ? 0.5 * upperNormal(-x) : 1 - 0.5 * upperNormal(x);
}

/** erfc(x / √2) for x >= 0: by the series of erf (Abramowitz & Stegun 7.1.6) where x is small, by a continued fraction (7.1.14) elsewhere. */
function upperNormal(x: number): number {
  const z = x / Math.SQRT2;
  if (z < 2) {
    let [term, sum] = [1, 1];
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    return 1 - ((2 * z) / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction);
}

/** The number that a standard normal one is below with probability p: Newton steps from a rough start. */
export function normalQuantile(p: number): number {
  if (p <= 0) return -Infinity;
  if (p >= 1) return Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  // Abramowitz & Stegun 26.2.23: to 4.5e-4.
  const t = Math.sqrt(-2 * Math.log(p));
  let x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (let step = 0; step < 4; step++) {
    const error = (normalCumulative(x) - p) / normalDensity(x);
    // Halley's correction: the density's slope is -x times it.
    x -= error / (1 + (x * error) / 2);
  }
  return x;
}

function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** Student's t distribution with so many degrees of freedom: the probability of being at most x. */
export function studentCumulative(x: number, freedom: number): number {
  const tail = 0.5 * incompleteBeta(freedom / (freedom + x * x), freedom / 2, 0.5);
  return x < 0 ? tail : 1 - tail;
}

/** The number that one of Student's t distribution is below with probability p, by bisection. */
export function studentQuantile(p: number, freedom: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -studentQuantile(1 - p, freedom);
  let low = -1;
  while (studentCumulative(low, freedom) > p) low *= 2;
  return bisect(low, low === -1 ? 0 : low / 2, (x) => studentCumulative(x, freedom) >= p);
}

/** The largest x for which `reached` is still false, to double precision. */
function bisect(low: number, high: number, reached: (x: number) => boolean): number {
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** The negative binomial distribution of counts with a mean and r = 1 / α: the probability of at most k. */
export function negativeBinomialCumulative(k: number, mean: number, r: number): number {
  return k < 0 ? 0 : incompleteBeta(r / (r + mean), r, Math.floor(k) + 1);
}

/** The smallest count that is not exceeded with probability p or more. */
export function negativeBinomialQuantile(p: number, mean: number, r: number): number {
  const reached = (k: number): boolean => negativeBinomialCumulative(k, mean, r) >= p;
  if (reached(0)) return 0;
  let high = Math.max(1, Math.ceil(mean));
  while (!reached(high)) high *= 2;
  let low = 0;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return high;
}
