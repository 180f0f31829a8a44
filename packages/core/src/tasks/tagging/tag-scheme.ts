import { HiddenstateError, shown } from "../../errors.ts";
import { tagParts, type TagParts } from "../../metrics/chunks.ts";
import type { TagConstraints } from "../../nn/viterbi.ts";

/**
 * How tags of words make up chunks such as names. `"bio"` (IOB2): B-X begins a chunk of type X, I-X goes on with it, O is outside.
 * `"bioes"`: E-X ends a chunk too, and S-X is one of a single word. `"none"`: tags stand for themselves.
 */
export type TagScheme = "none" | "bio" | "bioes";

/** A scheme's prefixes: what is not `opening` goes on with the chunk before, what is not `closing` has to be gone on with. */
const schemes: Record<Exclude<TagScheme, "none">, { prefixes: string; opening: string; closing: string }> = {
  bio: { prefixes: "BIO", opening: "BO", closing: "BIO" },
  bioes: { prefixes: "BIOES", opening: "BOS", closing: "OES" },
};

/**
 * Which paths through the tags a scheme lets be: I-X after B-X or I-X only, and so on. For `"none"` null: all.
 *
 * @param tags the tags by number, such as `["B-LOC", "I-LOC", "O"]`
 * @throws HiddenstateError `invalid` for a tag that is none of the scheme
 * @example
 * viterbi(scores, tags.length, null, tagConstraints(tags, "bio"));
 */
export function tagConstraints(tags: readonly string[], scheme: TagScheme): TagConstraints | null {
  if (scheme === "none") return null;
  const { prefixes, opening, closing } = schemes[scheme];
  const stranger = tags.find((tag) => !isOfScheme(tag, prefixes));
  if (stranger !== undefined) {
    throw new HiddenstateError(
      "invalid",
      `tagConstraints: invalid tag ${shown(stranger)} for the scheme "${scheme}": expected O, or one of ${prefixes.replace("O", "").split("").join(", ")} ` +
        'with a dash and a type; use the scheme "none"',
    );
  }
  const parts = tags.map(tagParts);
  const follows = (before: TagParts, after: TagParts): boolean => {
    if (opening.includes(after.prefix)) return closing.includes(before.prefix);
    // The tag goes on with a chunk: there must be one of its type, and it must not have ended.
    return "BI".includes(before.prefix) && before.type === after.type;
  };
  return {
    transitions: parts.flatMap((before) => parts.map((after) => follows(before, after))),
    start: parts.map(({ prefix }) => opening.includes(prefix)),
    end: parts.map(({ prefix }) => closing.includes(prefix)),
  };
}

/**
 * The scheme that all sequences of tags keep to: `"bio"` or `"bioes"`, where there are chunks at all, else `"none"`. Tags that break the
 * rules even once (IOB1, or a mistake in the data) are `"none"`: a scheme that the data does not keep to can't be forced upon it.
 */
export function detectScheme(sequences: readonly (readonly string[])[]): TagScheme {
  const tags = [...new Set(sequences.flat())];
  if (!tags.some((tag) => tag.includes("-"))) return "none";
  for (const scheme of ["bio", "bioes"] as const) {
    if (!fitScheme(tags, scheme)) continue;
    const constraints = tagConstraints(tags, scheme)!;
    const ids = new Map(tags.map((tag, id) => [tag, id]));
    if (
      sequences.every((sequence) =>
        keepsTo(
          sequence.map((tag) => ids.get(tag)!),
          tags.length,
          constraints,
        ),
      )
    )
      return scheme;
  }
  return "none";
}

/** Whether all tags are some of a scheme. */
export function fitScheme(tags: readonly string[], scheme: TagScheme): boolean {
  return scheme === "none" || tags.every((tag) => isOfScheme(tag, schemes[scheme].prefixes));
}

function keepsTo(path: readonly number[], tagCount: number, { transitions, start, end }: TagConstraints): boolean {
  if (path.length === 0) return true;
  const steps = path.every((tag, t) => t === 0 || transitions[path[t - 1] * tagCount + tag]);
  return steps && start[path[0]] && end[path[path.length - 1]];
}

function isOfScheme(tag: string, prefixes: string): boolean {
  const { prefix, type } = tagParts(tag);
  return prefix.length === 1 && prefixes.includes(prefix) && (prefix === "O") === (type === "");
}
