import { HiddenstateError } from "../errors.ts";

/** The journal that draws go through now, or null. */
let active: DrawJournal | null = null;

/** Numbers a draw: by counting up, or, while a computation is run again, as it was numbered the first time. */
export function numberOfDraw(countUp: () => number): number {
  return active ? active.next(countUp) : countUp();
}

/**
 * What a computation drew, so that it can be run again with the same random numbers (dropout masks, say), whichever modules draw them.
 * Run again, it counts nothing up: the counts of the modules are those of a computation that ran once.
 */
export class DrawJournal {
  readonly #numbers: number[] = [];
  /** How many of them were given out again; null: they are being written down. */
  #again: number | null = null;
  /** The journal of the computation that this one is a part of, or null. */
  outer: DrawJournal | null = null;

  /** Runs `fn` for the first time. */
  record<T>(fn: () => T): T {
    this.#again = null;
    return within(this, fn);
  }

  /**
   * Runs `fn` again, which draws what it drew the first time.
   * @throws HiddenstateError `invalid` where it draws more or less often than then
   */
  replay<T>(where: string, fn: () => T): T {
    this.#again = 0;
    const result = within(this, fn);
    if (this.#again === this.#numbers.length) return result;
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid second run of a chunk: it drew ${this.#again} random masks and the first run ${this.#numbers.length}; what is ` +
        "recomputed must do the same each time: call train() and eval() before forward or after backward only",
    );
  }

  next(countUp: () => number): number {
    if (this.#again !== null) return this.#numbers[this.#again++] ?? 0;
    // A computation inside another that is written down or run again.
    const number = this.outer ? this.outer.next(countUp) : countUp();
    this.#numbers.push(number);
    return number;
  }
}

function within<T>(journal: DrawJournal, fn: () => T): T {
  const outer = active;
  journal.outer = outer;
  active = journal;
  try {
    return fn();
  } finally {
    active = outer;
  }
}
