import { createRequire } from "node:module";
import path from "node:path";

/** Loads from the folder that the peers are installed in, which is none of the workspace's. */
export const fromPeers = createRequire(path.join(process.env["HIDDENSTATE_PEERS"] ?? ".", "package.json"));

/**
 * The version of an installed package; its own `exports` may hide its package.json.
 * @param {string} name
 * @returns {string}
 */
export function versionOf(name) {
  for (const folder of fromPeers.resolve.paths(name) ?? []) {
    try {
      return fromPeers(path.join(folder, name, "package.json")).version;
    } catch {
      // Not in this folder.
    }
  }
  return "unknown";
}
