/**
 * How many numbers attention needs for each thread: room for one head's keys and values, packed, and the scores of a few queries at
 * a time, forward or backward, in any kernel set's layout.
 *
 * @param keys the most that a sequence has, past ones included
 */
export function attentionWorkspace(keys: number, headSize: number): number {
  const [allKeys, head] = [wholeLines(keys) + 64, wholeLines(headSize)];
  return 4 * allKeys * head + 96 * allKeys + 64 * head + 128;
}

function wholeLines(count: number): number {
  return Math.ceil(count / 32) * 32;
}
