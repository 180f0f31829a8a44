// Removes everything that a build makes.
import { readdirSync, rmSync } from "node:fs";

const remove = (/** @type {string} */ path) => rmSync(new URL(path, import.meta.url), { recursive: true, force: true });
for (const name of readdirSync(new URL("../packages", import.meta.url))) {
  remove(`../packages/${name}/dist`);
  remove(`../packages/${name}/build`);
}
