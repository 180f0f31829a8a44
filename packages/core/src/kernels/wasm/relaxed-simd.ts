/** A function that returns i32x4.relaxed_laneselect of zeros: valid only where relaxed SIMD is. */
const probe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65,
  0, 253, 17, 253, 139, 2, 11,
]);

interface V8Module {
  setFlagsFromString(flags: string): void;
}
interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/** Whether this engine runs relaxed SIMD; on Node 20 by switching it on, which their V8 needs. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(probe)) return true;
  // Only where it is missing: an engine that knows it without the flag would complain about the flag.
  const process = (globalThis as { process?: NodeProcess }).process;
  const v8 = process?.getBuiltinModule?.("v8") as V8Module | undefined;
  if (!v8) return false;
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(probe);
}

/** A function that returns i32x4.splat: valid only where 128-bit SIMD is. */
const simdProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11,
]);

/** Whether this engine runs the 128-bit SIMD that both modules need. */
export function hasSimd(): boolean {
  return WebAssembly.validate(simdProbe);
}
