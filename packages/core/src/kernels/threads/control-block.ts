/**
 * What the threads tell each other through the heap: places of 32-bit words, those that several threads write on cache lines of
 * their own. Handed to workers as data, because their code is sent to them as text (worker-loop.ts).
 *
 * A *ticket* is one word: the part to be taken next (bits 0-7), how many parts there are (8-15), and a number that changes with every
 * kernel (16-31). Whoever raises it by one, by compare-and-swap, has taken that part; a part that no worker takes in time is
 * done by the calling thread, so an absent worker costs time and never the result.
 */
export const controlWords = {
  ticket: 0,
  /** Parts that are not done yet. The calling thread sleeps on it. */
  remaining: 16,
  /** What is to be done: the kernel's index in signatures.ts and the offset of its arguments. Set before the ticket. */
  kernel: 32,
  args: 33,
  /** How many workers have started. */
  ready: 48,
  /** 1: workers are to end. */
  ending: 49,
  /** 1 + the index of the kernel that failed in a worker, and what the error said, one UTF-16 unit a word. */
  failed: 50,
  messageLength: 51,
  message: 64,
  /** From here on a word for each worker: 1 once it has started. */
  started: 256,
} as const;

export type ControlWords = typeof controlWords;

/** Longest error text that is passed on. */
export const longestMessage: number = controlWords.started - controlWords.message;

/** Most threads that a ticket can count, with room to spare. */
export const mostThreads = 64;

export const controlBytes: number = (controlWords.started + mostThreads) * 4;
