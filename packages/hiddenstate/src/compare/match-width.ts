/** How many parameters a network of some width has: asked for at a few widths only. */
export type ParametersAt = (hidden: number) => Promise<number>;

/**
 * The width with which a network comes closest to so many parameters. Parameters are a polynomial of second degree of the width, whatever the
 * cell, so three widths tell all others.
 *
 * @param unit the width is a multiple of it
 * @returns the width, at least `unit`
 */
export async function widthFor(parameters: number, unit: number, at: ParametersAt): Promise<number> {
  const [a, b, c] = [unit, 2 * unit, 3 * unit];
  const [pa, pb, pc] = [await at(a), await at(b), await at(c)];
  const second = (pc - 2 * pb + pa) / 2;
  const first = pb - pa - 3 * second;
  const constant = pa - first - second;
  const of = (units: number): number => second * units * units + first * units + constant;
  let units = 1;
  while (of(units + 1) <= parameters) units++;
  return unit * (parameters - of(units) <= of(units + 1) - parameters ? units : units + 1);
}
