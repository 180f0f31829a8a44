/** Targets that a member of the ensemble keeps back: steps of a series from `start` up to, not including, `end`. */
export interface Block {
  start: number;
  end: number;
}

/**
 * The steps that each member keeps back: the training part in equal blocks, the first member's the last one. So a single network is tested on
 * the end of the training part, and an ensemble with as many members as blocks on all of it, each network on what it has not seen.
 *
 * @param first the first step that can be forecast
 * @param end the step after the training part
 */
export function heldOutBlocks(first: number, end: number, members: number, share: number): Block[] {
  const blocks = Math.max(members, Math.round(1 / share));
  const edge = (block: number): number => first + Math.round(((end - first) * block) / blocks);
  return Array.from({ length: members }, (_, member) => ({
    start: edge(blocks - 1 - member),
    end: edge(blocks - member),
  }));
}
