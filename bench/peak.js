// A core's measured peak: what it does of nothing but multiply-adds in registers, with the instruction set of our kernels.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compilerFlags } from "../packages/native/instruction-sets.js";

/** Multiplications and additions of one call. */
export const peakFlops = 1e10;

/**
 * @param {string} instructionSet
 * @returns {(() => number) | null} one call, which gives the milliseconds it took; null where nothing can compile it
 */
export function multiplyAdds(instructionSet) {
  const flags = compilerFlags(instructionSet);
  if (flags) return nativeMultiplyAdds(flags);
  const relaxed = instructionSet === "relaxed";
  return relaxed || instructionSet === "simd128" ? wasmMultiplyAdds(relaxed) : null;
}

/** @param {readonly string[]} flags */
function nativeMultiplyAdds(flags) {
  const folder = mkdtempSync(path.join(tmpdir(), "hiddenstate-peak-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, "peak");
  const source = fileURLToPath(new URL("peak.c", import.meta.url));
  const compiler = process.env["CC"] ?? "cc";
  const words = ["-std=gnu17", "-O3", "-ffp-contract=off", ...flags, source, "-o", program];
  if (spawnSync(compiler, words, { stdio: ["ignore", "ignore", "inherit"] }).status !== 0) return null;
  return () => Number(spawnSync(program, [String(peakFlops)], { encoding: "utf8" }).stdout);
}

const chains = 12;
const lanes = 4;
const simd = 0xfd;
const locals = { rounds: 0, factor: 1, term: 2, firstChain: 3 };

/** A loop over twelve vectors, each multiplied and added to; too small for a compiler. @param {boolean} relaxed */
function wasmMultiplyAdds(relaxed) {
  const { rounds, factor, term, firstChain } = locals;
  const all = Array.from({ length: chains }, (_, i) => firstChain + i);
  const get = (/** @type {number} */ local) => [0x20, local];
  const multiplyAdd = relaxed
    ? [...get(factor), ...get(term), simd, 0x85, 0x02]
    : [...get(factor), simd, 0xe6, 0x01, ...get(term), simd, 0xe4, 0x01];
  const bitsOf = (/** @type {number} */ value) => [...new Uint8Array(Float32Array.of(value).buffer)];
  const splatInto = (/** @type {number} */ local, /** @type {number} */ value) =>
    [0x43, bitsOf(value), simd, 0x13, 0x21, local].flat();
  const setUp = [splatInto(factor, 0.999), splatInto(term, 0.001), ...all.map((chain) => splatInto(chain, chain))];
  const round = all.map((chain) => [get(chain), multiplyAdd, 0x21, chain].flat());
  const again = [get(rounds), 0x41, 1, 0x6b, 0x22, rounds, 0x0d, 0].flat();
  const sum = [get(firstChain), ...all.slice(1).map((chain) => [...get(chain), simd, 0xe4, 0x01])];
  const loop = [0x03, 0x40, round, again, 0x0b].flat(2);
  // The first lane of the sum, so that no compiler leaves the work out.
  const body = [1, chains + 2, 0x7b, setUp, loop, sum, simd, 0x1f, 0, 0x0b].flat(2);
  const { peak } = /** @type {{ peak: (rounds: number) => number }} */ (
    /** @type {unknown} */ (new WebAssembly.Instance(new WebAssembly.Module(moduleOf(body))).exports)
  );
  return () => {
    const start = performance.now();
    peak(peakFlops / (2 * lanes * chains));
    return performance.now() - start;
  };
}

/** A module that exports one function `peak`, from an i32 to an f32. @param {readonly number[]} body */
function moduleOf(body) {
  const length = (/** @type {number} */ value) => [(value & 0x7f) | 0x80, value >> 7];
  const code = [1, length(body.length), ...body].flat();
  const sections = [
    [1, 6, 1, 0x60, 1, 0x7f, 1, 0x7d],
    [3, 2, 1, 0],
    [7, 8, 1, 4, ...Buffer.from("peak"), 0, 0],
    [10, length(code.length), code],
  ];
  return Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, sections].flat(3));
}
