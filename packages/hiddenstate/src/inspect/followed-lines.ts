import type { FollowedUnit } from "@hiddenstate/core";
import { unitColor } from "./unit-color.ts";

const lineWidth = 72;

/**
 * A unit's values along a text, for a terminal: each piece on the colour of its value, or, without colours, a line of digits from 0 (low) to 9
 * (high) under each line of text.
 */
export function followedLines(followed: FollowedUnit, colors: boolean): string[] {
  const lines: string[] = [];
  let [text, levels, width] = ["", "", 0];
  const flush = (): void => {
    if (width === 0) return;
    lines.push(text, ...(colors ? [] : [levels]));
    [text, levels, width] = ["", "", 0];
  };
  followed.pieces.forEach((piece, i) => {
    const shown = visible(piece);
    const letters = Array.from(shown).length;
    if (width + letters > lineWidth) flush();
    const level = levelOf(followed, i);
    if (colors) {
      const [red, green, blue] = unitColor(level);
      text += `\u001b[48;2;${red};${green};${blue};38;2;0;0;0m${shown}\u001b[0m`;
    } else {
      text += shown;
      levels += String(Math.min(9, Math.floor(level * 10))).repeat(letters);
    }
    width += letters;
  });
  flush();
  const [low, high] = followed.scale;
  return [...lines, colors ? scaleLine(low, high) : `(0: ${low} to ${low + (high - low) / 10}, ..., 9: up to ${high})`];
}

/** Where a value lies on its scale, 0 to 1. */
export function levelOf({ values, scale: [low, high] }: FollowedUnit, i: number): number {
  return Math.min(1, Math.max(0, (values[i] - low) / (high - low)));
}

/** A piece as it can be seen: line breaks, tabs and what is unfinished have signs of their own. */
export function visible(piece: string): string {
  return piece === ""
    ? "·"
    : piece
        .replaceAll("\n", "⏎")
        .replaceAll("\t", "⇥")
        .replaceAll(/\p{Cc}/gu, "·");
}

function scaleLine(low: number, high: number): string {
  const steps = Array.from({ length: 21 }, (_, i) => {
    const [red, green, blue] = unitColor(i / 20);
    return `\u001b[48;2;${red};${green};${blue}m \u001b[0m`;
  });
  return `${low} ${steps.join("")} ${high}`;
}
