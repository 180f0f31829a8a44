import { empty, type Tensor } from "../memory/tensor.ts";

/**
 * A packed copy of a weight in the layout a kernel wants, made once per version of the weight and kept with it.
 *
 * @param key the layout and its sizes
 * @param size elements of the packed copy
 * @param pack writes the packed copy to the given offset
 * @param version goes up when what is packed changes; default: the weight's own
 * @returns the offset of the packed copy
 */
export function packedOnce(
  weight: Tensor,
  key: string,
  size: number,
  pack: (panels: number) => void,
  version: number = weight.storage.version,
): number {
  weight.packed ??= new Map();
  let entry = weight.packed.get(key);
  if (!entry) {
    // Lives as long as the weight, also when packed inside a scope that the weight outlives.
    const panels = empty([size]).persist();
    entry = { version: -1, panels };
    weight.packed.set(key, entry);
  }
  if (entry.version !== version) {
    pack(entry.panels.offset);
    entry.version = version;
  }
  return entry.panels.offset;
}
