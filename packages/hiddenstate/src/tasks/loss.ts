import type { TokenizerKind } from "@hiddenstate/core";
import { significant } from "../format.ts";

/** A mean loss as people read it: nats, bits of a token, perplexity. */
export function describeLoss(loss: number, kind: TokenizerKind): string {
  const bits = loss / Math.LN2;
  return `${loss.toFixed(3)} nats, ${bits.toFixed(3)} bits per ${kind}, perplexity ${significant(Math.exp(loss))}`;
}
