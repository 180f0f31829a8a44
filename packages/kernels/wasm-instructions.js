// Where each instruction of a wasm function starts and ends: as much of the binary format as our modules use
// (https://webassembly.github.io/spec/core/binary/). What is not known here is an error, never a guess.

/** Reads the parts of a module, one after another. */
export class WasmReader {
  /** @param {Uint8Array} bytes */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128; a signed one has the same length. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  name() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  /** Passes one instruction, and says its opcode: of those behind the prefixes 0xfc and 0xfd, [prefix, opcode]. */
  instruction() {
    const start = this.at;
    const first = this.byte();
    const opcode = first === 0xfc || first === 0xfd ? [first, this.number()] : [first];
    const immediates = opcode.length === 1 ? plain(first) : first === 0xfd ? vector(opcode[1]) : bulk(opcode[1]);
    if (immediates === undefined) throw new Error(`wasm: unknown instruction ${opcode.join(" ")} at byte ${start}`);
    for (const kind of immediates) {
      if (kind === "table") for (let labels = this.number() + 1; labels > 0; labels--) this.number();
      else if (kind === "number") this.number();
      else this.at += kind;
    }
    return opcode;
  }
}

/** @typedef {"number" | "table" | number} Immediate what follows an opcode: a LEB128, a list of labels, or so many bytes */

/** @returns {Immediate[] | undefined} */
function plain(/** @type {number} */ opcode) {
  if (opcode === 0x0e) return ["table"]; // br_table
  if (opcode === 0x43) return [4]; // f32.const
  if (opcode === 0x44) return [8]; // f64.const
  if (opcode === 0x11) return ["number", "number"]; // call_indirect
  if (opcode >= 0x28 && opcode <= 0x3e) return ["number", "number"]; // loads and stores: alignment, offset
  const takesOne =
    (opcode >= 0x02 && opcode <= 0x04) || // block, loop, if: a type
    (opcode >= 0x0c && opcode <= 0x10) || // br, br_if, call
    (opcode >= 0x20 && opcode <= 0x24) || // locals and globals
    (opcode >= 0x3f && opcode <= 0x42); // memory.size, memory.grow, i32.const, i64.const
  if (takesOne) return ["number"];
  const takesNone = [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].includes(opcode) || (opcode >= 0x45 && opcode <= 0xc4);
  return takesNone ? [] : undefined;
}

/** @returns {Immediate[] | undefined} */
function bulk(/** @type {number} */ opcode) {
  if (opcode <= 7) return []; // saturating conversions
  if (opcode === 10) return ["number", "number"]; // memory.copy
  return opcode === 11 ? ["number"] : undefined; // memory.fill
}

/** @returns {Immediate[] | undefined} */
function vector(/** @type {number} */ opcode) {
  if (opcode <= 11 || opcode === 92 || opcode === 93) return ["number", "number"]; // loads and stores
  if (opcode === 12 || opcode === 13) return [16]; // v128.const, i8x16.shuffle
  if (opcode >= 21 && opcode <= 34) return [1]; // lanes
  if (opcode >= 84 && opcode <= 91) return ["number", "number", 1]; // loads and stores of a lane
  return opcode <= 0x113 ? [] : undefined;
}
