import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { edited, strictEdits } from "../strict-simd.js";
import { WasmReader } from "../wasm-instructions.js";

const shipped = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../core/dist/wasm/${name}.wasm`, import.meta.url)));

/** A module whose one function has these parameters and this code, and returns a vector. */
function moduleOf(parameters: number[], code: number[]): Uint8Array<ArrayBuffer> {
  const sections = [
    [1, [1, 0x60, parameters.length, ...parameters, 1, 0x7b]],
    [3, [1, 0]],
    [7, [1, 1, 102, 0, 0]],
    [10, [1, code.length + 2, 0, ...code, 0x0b]],
  ] as const;
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  return Uint8Array.from([...header, ...sections.flatMap(([id, bytes]) => [id, bytes.length, ...bytes])]);
}

const vector = 0x7b;
const threeArguments = [0x20, 0, 0x20, 1, 0x20, 2];

/** All vector instructions of a module's functions. */
function vectorInstructions(module: Uint8Array): number[] {
  const reader = new WasmReader(module, 8);
  const found: number[] = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    const end = reader.number() + reader.at;
    for (let functions = id === 10 ? reader.number() : 0; functions > 0; functions--) {
      const functionEnd = reader.number() + reader.at;
      for (let groups = reader.number(); groups > 0; groups--) {
        reader.number();
        reader.byte();
      }
      while (reader.at < functionEnd) {
        const [prefix, opcode] = reader.instruction();
        if (prefix === 0xfd) found.push(opcode);
      }
    }
    reader.at = end;
  }
  return found;
}

describe("the strict form of a module", () => {
  test("multiplies and adds where the original does both at once", () => {
    const relaxed = moduleOf([vector, vector, vector], [...threeArguments, 0xfd, 0x85, 0x02]);
    const code = [...threeArguments, 0x21, 3, 0xfd, 0xe6, 0x01, 0x20, 3, 0xfd, 0xe4, 0x01];
    const expected = moduleOf([vector, vector, vector], code);
    const strict = edited(relaxed, strictEdits(relaxed));
    // Besides the code: one local variable is declared, in two bytes.
    const body = strict.length - code.length - 1;
    expect([...strict.subarray(body - 3)]).toEqual([1, 1, vector, ...code, 0x0b]);
    expect(strict.length).toBe(expected.length + 2);
    expect(WebAssembly.validate(strict)).toBe(true);
  });

  test("selects bits where the original selects lanes", () => {
    const relaxed = moduleOf([vector, vector, vector], [...threeArguments, 0xfd, 0x8b, 0x02]);
    const strict = edited(relaxed, strictEdits(relaxed));
    expect([...strict]).toEqual([...moduleOf([vector, vector, vector], [...threeArguments, 0xfd, 0x52])]);
  });

  test("is the original where that has nothing relaxed", () => {
    const plain = moduleOf([vector], [0x20, 0]);
    expect([...edited(plain, strictEdits(plain))]).toEqual([...plain]);
  });

  test("is refused for a relaxed instruction that has none, and for what is no instruction", () => {
    const swizzle = moduleOf([vector, vector], [0x20, 0, 0x20, 1, 0xfd, 0x80, 0x02]);
    expect(() => strictEdits(swizzle)).toThrow("no strict form is known for relaxed instruction 256");
    expect(() => strictEdits(moduleOf([vector], [0x20, 0, 0x27]))).toThrow("unknown instruction 39");
  });

  test("of our kernels has every instruction of theirs but the relaxed ones", () => {
    const relaxed = vectorInstructions(shipped("relaxed"));
    const strict = vectorInstructions(shipped("simd128"));
    const multiplyAdds = relaxed.filter((opcode) => opcode === 0x105).length;
    expect(multiplyAdds).toBeGreaterThan(100);
    expect(strict.length).toBe(relaxed.length + multiplyAdds);
    expect(strict.filter((opcode) => opcode >= 0x100)).toEqual([]);
  });
});
