// Which instruction sets the kernels are compiled for, on which architecture, and with which compiler flags.

/** By architecture and by the name in the addon's table. @type {Record<string, Record<string, string[]>>} */
export const instructionSets = {
  x64: {
    Avx512: ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
    Avx2: ["-mavx2", "-mfma"],
  },
  arm64: { Neon: [] },
};

/**
 * The flags for an instruction set as the library names it, such as `"avx512"`.
 * @param {string} name
 * @returns {string[] | null} null where it is none of this architecture's
 */
export function compilerFlags(name) {
  const sets = Object.entries(instructionSets[process.arch] ?? {});
  return sets.find(([set]) => set.toLowerCase() === name)?.[1] ?? null;
}
