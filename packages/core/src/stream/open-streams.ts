import { HiddenstateError, shown } from "../errors.ts";

/** Which streams of a pool are open, by ids that are given out again. */
export class OpenStreams {
  readonly #where: string;
  /** For each id that was ever given out: 0 closed, else the number of the push it last took part in. */
  #lastPush = new Float64Array(64);
  readonly #closed: number[] = [];
  #opened = 0;
  #pushes = 1;

  /** @param where the pool's call to name in errors, such as `"lstm.pool"` */
  constructor(where: string) {
    this.#where = where;
  }

  /** How many are open. */
  get size(): number {
    return this.#opened - this.#closed.length;
  }

  /** @returns the id of a new stream: one that was closed, or the next */
  open(): number {
    const id = this.#closed.pop() ?? this.#opened++;
    if (id === this.#lastPush.length) {
      const longer = new Float64Array(2 * id);
      longer.set(this.#lastPush);
      this.#lastPush = longer;
    }
    this.#lastPush[id] = this.#pushes;
    return id;
  }

  /** @throws HiddenstateError `invalid` for an id that is not open */
  close(id: number): void {
    this.check("close", id);
    this.#lastPush[id] = 0;
    this.#closed.push(id);
  }

  /** @throws HiddenstateError `invalid` for an id that is not open */
  check(call: string, id: number): void {
    if (this.#lastPush[id] > 0) return;
    throw new HiddenstateError(
      "invalid",
      `${this.#where}.${call}: invalid id: got ${shown(id)}, expected the id of an open stream, from open()`,
    );
  }

  /** Begins a push of these streams. @throws HiddenstateError `invalid` for an id that is not open or comes twice */
  beginPush(ids: ArrayLike<number>): void {
    for (let i = 0; i < ids.length; i++) this.check("push", ids[i]);
    const push = ++this.#pushes;
    for (let i = 0; i < ids.length; i++) {
      if (this.#lastPush[ids[i]] === push) {
        throw new HiddenstateError(
          "invalid",
          `${this.#where}.push: invalid ids: got ${ids[i]} twice, expected each stream once in a push: a second step needs a second push`,
        );
      }
      this.#lastPush[ids[i]] = push;
    }
  }
}
