// Makes the module for engines without relaxed SIMD out of the one with it: as a list of edits, of a tenth of a module's size.
import { WasmReader } from "./wasm-instructions.js";

/**
 * One change of a module: at byte `at` of the original, `skip` bytes go and `insert` comes.
 * @typedef {{ at: number, skip: number, insert: number[] }} Edit
 */

const section = { type: 1, function: 3, export: 7, code: 10 };
const v128 = 0x7b;
const vectorPrefix = 0xfd;
const relaxedMadd = 0x105;
const relaxedLaneSelects = { first: 0x109, last: 0x10c };
const firstRelaxed = 0x100;

const leb = (/** @type {number} */ value) => {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
};
const localSet = (/** @type {number} */ local) => [0x21, ...leb(local)];
const localGet = (/** @type {number} */ local) => [0x20, ...leb(local)];
const multiply = [vectorPrefix, ...leb(0xe6)];
const add = [vectorPrefix, ...leb(0xe4)];
const bitSelect = [vectorPrefix, 0x52];

/**
 * What to change in a module that uses relaxed SIMD so that it does not: `relaxed_madd` of a, b and c becomes a * b, rounded, + c, which needs a
 * local variable for c; `relaxed_laneselect` becomes `bitselect`, which does the same for masks of all ones or zeros; and
 * `usesRelaxedSimd` says 0.
 *
 * @param {Uint8Array} relaxed
 * @returns {Edit[]} in the order of the bytes
 */
export function strictEdits(relaxed) {
  const reader = new WasmReader(relaxed, 8);
  /** @type {number[]} */
  const parameterCounts = [];
  /** @type {number[]} */
  let types = [];
  let saysWhich = -1;
  while (reader.at < relaxed.length) {
    const id = reader.byte();
    const lengthAt = reader.at;
    const length = reader.number();
    const end = reader.at + length;
    if (id === section.type) for (let n = reader.number(); n > 0; n--) parameterCounts.push(passType(reader));
    if (id === section.function) types = Array.from({ length: reader.number() }, () => reader.number());
    if (id === section.export) {
      for (let n = reader.number(); n > 0; n--) {
        const name = reader.name();
        reader.byte();
        const index = reader.number();
        // Our modules import no function, so indices count from the first body.
        if (name === "usesRelaxedSimd") saysWhich = index;
      }
    }
    if (id === section.code) {
      const start = reader.at;
      reader.number();
      const edits = types.flatMap((type, i) => functionEdits(reader, parameterCounts[type], i === saysWhich));
      return [resized(lengthAt, start, length, edits), ...edits];
    }
    reader.at = end;
  }
  throw new Error("wasm: no code in this module");
}

/** Passes a function's type. @returns {number} how many parameters it has */
function passType(/** @type {WasmReader} */ reader) {
  reader.byte();
  const parameters = reader.number();
  reader.at += parameters;
  const results = reader.number();
  reader.at += results;
  return parameters;
}

/**
 * @param {WasmReader} reader at a function's body, and behind it afterwards
 * @param {number} parameters
 * @param {boolean} saysWhich whether this is usesRelaxedSimd, whose body is `i32.const 1`
 * @returns {Edit[]}
 */
function functionEdits(reader, parameters, saysWhich) {
  const lengthAt = reader.at;
  const length = reader.number();
  const start = reader.at;
  const end = start + length;
  const groups = reader.number();
  const localsAt = reader.at;
  let free = parameters;
  for (let group = groups; group > 0; group--) {
    free += reader.number();
    reader.byte();
  }
  const codeAt = reader.at;
  if (saysWhich) {
    if (reader.byte() !== 0x41 || reader.byte() !== 1) throw new Error("wasm: usesRelaxedSimd is not a constant");
    reader.at = end;
    return [{ at: codeAt + 1, skip: 1, insert: [0] }];
  }
  /** @type {Edit[]} */
  const edits = [];
  let needsLocal = false;
  while (reader.at < end) {
    const at = reader.at;
    const [prefix, opcode] = reader.instruction();
    if (prefix !== vectorPrefix || opcode < firstRelaxed) continue;
    const skip = reader.at - at;
    if (opcode === relaxedMadd) {
      needsLocal = true;
      edits.push({ at, skip, insert: [...localSet(free), ...multiply, ...localGet(free), ...add] });
    } else if (opcode >= relaxedLaneSelects.first && opcode <= relaxedLaneSelects.last) {
      edits.push({ at, skip, insert: bitSelect });
    } else {
      throw new Error(`wasm: no strict form is known for relaxed instruction ${opcode} at byte ${at}`);
    }
  }
  if (edits.length === 0) return [];
  if (needsLocal) {
    edits.unshift(
      { at: start, skip: localsAt - start, insert: leb(groups + 1) },
      { at: codeAt, skip: 0, insert: [1, v128] },
    );
  }
  return [resized(lengthAt, start, length, edits), ...edits];
}

/**
 * The edit of a length that stands before what it measures.
 * @returns {Edit}
 */
function resized(
  /** @type {number} */ at,
  /** @type {number} */ end,
  /** @type {number} */ length,
  /** @type {Edit[]} */ edits,
) {
  const grown = edits.reduce((sum, { skip, insert }) => sum + insert.length - skip, 0);
  return { at, skip: end - at, insert: leb(length + grown) };
}

/**
 * Edits as packages/core/src/kernels/wasm/edits.ts reads them: for each, how many bytes are kept before it, how many go and
 * how many come, then those that come.
 */
export function encodeEdits(/** @type {Edit[]} */ edits) {
  let kept = 0;
  return Uint8Array.from(
    edits.flatMap(({ at, skip, insert }) => {
      const numbers = [...leb(at - kept), ...leb(skip), ...leb(insert.length)];
      kept = at + skip;
      return [...numbers, ...insert];
    }),
  );
}

/** The module with the edits made. */
export function edited(/** @type {Uint8Array} */ original, /** @type {Edit[]} */ edits) {
  /** @type {Uint8Array[]} */
  const pieces = [];
  let kept = 0;
  for (const { at, skip, insert } of edits) {
    pieces.push(original.subarray(kept, at), Uint8Array.from(insert));
    kept = at + skip;
  }
  return new Uint8Array(Buffer.concat([...pieces, original.subarray(kept)]));
}
