import type { ReferenceHeap } from "./heap.ts";

/** The packed rows of one time step: `count` of them from row `first`; sorted batch row b is packed row first + b. */
export interface PackedStep {
  first: number;
  count: number;
}

/**
 * The time steps in the order a recurrence visits them: from 0, or with `descending` from the last. Going down, a row
 * joins at its own last step, because only there does batchSizes begin to count it.
 */
export function packedSteps(heap: ReferenceHeap, batchSizes: number, steps: number, descending: boolean): PackedStep[] {
  const result: PackedStep[] = [];
  let first = 0;
  for (let t = 0; t < steps; t++) {
    const count = heap.ints[heap.intAt(batchSizes) + t];
    result.push({ first, count });
    first += count;
  }
  return descending ? result.toReversed() : result;
}

/** Sets a carried state [B, H] to its first value (0 where that is absent): every step then updates it in place. */
export function startState(heap: ReferenceHeap, state: number, initial: number, count: number): void {
  const at = heap.at(state);
  if (initial) heap.floats.copyWithin(at, heap.at(initial), heap.at(initial) + count);
  else heap.floats.fill(0, at, at + count);
}
