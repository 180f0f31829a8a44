/** How many parameters a network of some width has: asked for at a few widths only. */
export type ParametersAt = (hidden: number) => Promise<number>;

/** Which widths there are. */
export interface Widths {
  /** All are multiples of it. */
  unit: number;
  /** All are larger. Default 0. */
  above?: number;
}

/** A width in units, and how many parameters it has. */
interface Counted {
  units: number;
  parameters: number;
}

/**
 * The width with which a network comes closest to so many parameters.
 *
 * Parameters are mostly a polynomial of second degree of the width, so three widths tell where to look; but not always (a layer is missing where
 * its input has the width already), so it is asked there, and on, until a width with too few and the next one with too many are known.
 *
 * @returns the width, at least the least one there is
 */
export async function widthFor(parameters: number, { unit, above = 0 }: Widths, at: ParametersAt): Promise<number> {
  const asked: Counted[] = [];
  const ask = async (units: number): Promise<Counted> => {
    const counted = { units, parameters: await at(unit * units) };
    asked.push(counted);
    return counted;
  };
  const least = Math.floor(above / unit) + 1;
  let few = await ask(least);
  if (few.parameters >= parameters) return unit * least;
  let many: Counted | null = null;
  while (many === null || many.units > few.units + 1) {
    const last = many === null ? Infinity : many.units - 1;
    const next = await ask(Math.min(last, Math.max(few.units + 1, whereToLook(parameters, asked))));
    if (next.parameters <= parameters) few = next;
    else many = next;
  }
  return unit * (parameters - few.parameters <= many.parameters - parameters ? few.units : many.units);
}

/** The largest width with so few parameters, by the parabola through the last three that were counted; before that the next one. */
function whereToLook(parameters: number, asked: readonly Counted[]): number {
  const last = asked.at(-1)!;
  if (asked.length < 3) return last.units + 1;
  const [p, q, r] = asked.slice(-3);
  const slope = (q.parameters - p.parameters) / (q.units - p.units);
  const bend = ((r.parameters - q.parameters) / (r.units - q.units) - slope) / (r.units - p.units);
  const linear = slope - bend * (p.units + q.units);
  const constant = p.parameters - slope * p.units + bend * p.units * q.units - parameters;
  const root = (-2 * constant) / (linear + Math.sqrt(linear ** 2 - 4 * bend * constant));
  // A whole number is one also where rounding took a little away.
  return Number.isFinite(root) ? Math.floor(root + 1e-6) : 2 * last.units;
}
