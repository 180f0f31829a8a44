/** What one call of the program knows of itself. */
export interface Session {
  /** Set by the command. */
  exitCode: number;
  /** Whether commands end with what to do next. */
  readonly suggestions: boolean;
}
