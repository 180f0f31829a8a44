// The kernels for this platform: what was built here, else what the platform's package brings.
"use strict";

const platform = `${process.platform}-${process.arch}`;
const candidates = [`./dist/${platform}.node`, `@hiddenstate/native-${platform}`];

module.exports = load();

function load() {
  for (const candidate of candidates) {
    try {
      const file = require.resolve(candidate);
      return { ...require(file), file };
    } catch (error) {
      // Anything else, such as a binary that does not load, is for the caller to tell.
      if (error.code !== "MODULE_NOT_FOUND" || !error.message.includes(candidate)) throw error;
    }
  }
  throw new Error(`no kernels for ${platform}: neither built here nor installed as ${candidates[1]}`);
}
