/** What a measurement may say of a claim. */
export const outcomes = ["holds", "holds within limits", "does not hold here", "undecided"] as const;

export type Outcome = (typeof outcomes)[number];

/** What was found of a claim, and the numbers that it follows from, in a sentence. */
export interface Verdict {
  outcome: Outcome;
  /** For `holds within limits` the limits; for `undecided` what is missing. */
  because: string;
}

/** The claim was seen to be true wherever it was looked at. */
export const holds = (because: string): Verdict => ({ outcome: "holds", because });

/** The claim is true in a part of what was measured, and the sentence says in which. */
export const holdsWithinLimits = (because: string): Verdict => ({ outcome: "holds within limits", because });

/** What was measured contradicts the claim. */
export const doesNotHold = (because: string): Verdict => ({ outcome: "does not hold here", because });

/** The budget was too small, or the hardware is not here. */
export const undecided = (because: string): Verdict => ({ outcome: "undecided", because });
