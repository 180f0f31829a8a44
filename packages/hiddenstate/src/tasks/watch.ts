/**
 * A model that is told one thing after the other, remembers, and says of each how odd it is: what `stream` and `predict` go by.
 */
export interface Watch {
  /**
   * Takes a line as it comes.
   *
   * @returns what is said of it, for a line of JSON; null where it says nothing (a header, an empty line)
   * @throws HiddenstateError for a line that can't be read: the watch stays as it was
   */
  push(line: string): object | null;
  /** All that is needed to go on, as plain JSON. */
  state(): object;
}

/** How to watch. */
export interface WatchRequest {
  /** Share of usual events to call odd. Default: that of the state, else 0.01. */
  rate?: number | undefined;
  /** The path of what came before, in the form of the training's data. */
  history?: string | undefined;
  /** What `state()` gave, to go on from. */
  state?: unknown;
  /** Whether each token of a line is told. Default false: only odd ones. */
  tokens?: boolean | undefined;
  /** Told what whoever watches should know, once. */
  notice?: ((text: string) => void) | undefined;
}
