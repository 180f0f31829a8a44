/**
 * A module made out of another one: the edits hold, for each place, how many bytes stay before it, how many go and how many
 * come there, as LEB128 numbers, and then those that come. packages/kernels/strict-simd.js writes them.
 *
 * @param length of the result
 */
export function applyEdits(original: Uint8Array, edits: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length);
  let at = 0;
  let from = 0;
  let to = 0;
  const readNumber = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = edits[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const copy = (source: Uint8Array, start: number, count: number): void => {
    result.set(source.subarray(start, start + count), to);
    to += count;
  };
  while (at < edits.length) {
    const kept = readNumber();
    const skipped = readNumber();
    const added = readNumber();
    copy(original, from, kept);
    copy(edits, at, added);
    from += kept + skipped;
    at += added;
  }
  copy(original, from, original.length - from);
  return result;
}
