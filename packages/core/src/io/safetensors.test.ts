import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { engine } from "../engine.ts";
import { tensor, zeros } from "../memory/tensor.ts";
import { loadSafetensors, saveSafetensors, stored } from "./safetensors.ts";
import { decodeSafetensors, encodeSafetensors, type StoredDType, type StoredTensor } from "./safetensors-format.ts";

const fromPyTorch = new Uint8Array(
  readFileSync(new URL("../../../../fixtures/pytorch-lstm.safetensors", import.meta.url)),
);

/** A file with any header. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(new TextEncoder().encode(text), 8);
  file.set(data, 8 + text.length);
  return file;
}

function numbersAs(dtype: StoredDType, bytes: number[], shape = [1]): Uint8Array {
  return fileOf({ x: { dtype, shape, data_offsets: [0, bytes.length] } }, Uint8Array.from(bytes));
}

describe("the safetensors format", () => {
  test("decodes and encodes PyTorch's file to the same bytes", () => {
    const { tensors, metadata } = decodeSafetensors(fromPyTorch);
    expect(metadata).toEqual({ format: "pt" });
    expect(tensors.get("weight_ih_l0")).toMatchObject({ dtype: "F32", shape: [64, 8] });
    expect(encodeSafetensors(tensors, metadata)).toEqual(fromPyTorch);
  });

  test("gives the same bytes in whatever order tensors and metadata come", () => {
    const { tensors } = decodeSafetensors(fromPyTorch);
    const reversed = new Map([...tensors].toReversed());
    expect(encodeSafetensors(reversed, { b: "2", a: "1" })).toEqual(encodeSafetensors(tensors, { a: "1", b: "2" }));
  });

  test("gives back all names, shapes, bytes and metadata", () => {
    const one = fc
      .record({
        dtype: fc.constantFrom<StoredDType>("U8", "F16", "F32", "I64"),
        shape: fc.array(fc.nat(3), { maxLength: 3 }),
      })
      .chain(({ dtype, shape }) => {
        const width = { U8: 1, F16: 2, F32: 4, I64: 8 }[dtype as "U8"];
        const length = shape.reduce((count, size) => count * size, width);
        const bytes = fc.uint8Array({ minLength: length, maxLength: length });
        return fc.record({ dtype: fc.constant(dtype), shape: fc.constant(shape), bytes });
      });
    const names = fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__");
    fc.assert(
      fc.property(fc.dictionary(names, one), fc.dictionary(fc.string(), fc.string()), (given, metadata) => {
        const tensors = new Map<string, StoredTensor>(Object.entries(given));
        const file = encodeSafetensors(tensors, metadata);
        const decoded = decodeSafetensors(file);
        expect(Object.fromEntries(decoded.tensors)).toEqual(Object.fromEntries(tensors));
        expect({ ...decoded.metadata }).toEqual({ ...metadata });
        expect((file.length - [...tensors.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)) % 8).toBe(0);
      }),
    );
  });

  const entry = { dtype: "U8", shape: [2], data_offsets: [0, 2] };
  test.each([
    ["an empty file", new Uint8Array(), /the file has 0 bytes, which is less than a header/],
    ["a file cut in its header", fromPyTorch.slice(0, 100), /truncated inside its header \(100 of \d+ bytes\)/],
    [
      "a file cut in its data",
      fromPyTorch.slice(0, 5000),
      /truncated: tensor "weight_hh_l0" reaches to byte \d+, but the file ends at 5000/,
    ],
    ["bytes too many", fileOf({ x: entry }, new Uint8Array(3)), /1 bytes after the last tensor belong to none/],
    [
      "tensors that overlap",
      fileOf({ x: entry, y: { ...entry, data_offsets: [1, 3] } }, new Uint8Array(3)),
      /tensor "y" overlaps/,
    ],
    [
      "a hole",
      fileOf({ x: entry, y: { ...entry, data_offsets: [3, 5] } }, new Uint8Array(5)),
      /tensor "y" leaves 1 bytes before it unused/,
    ],
    [
      "a shape that does not fit",
      fileOf({ x: { ...entry, shape: [3] } }, new Uint8Array(2)),
      /tensor "x" has 2 bytes instead of 3 \(U8 \[3\]\)/,
    ],
    ["a negative offset", fileOf({ x: { ...entry, data_offsets: [-2, 0] } }), /entry of tensor "x" is not one of/],
    ["an entry that is none", fileOf({ x: 3 }), /entry of tensor "x" is not one of dtype, shape and data_offsets/],
    ["metadata of numbers", fileOf({ __metadata__: { a: 1 } }), /the metadata is not an object of strings/],
    ["a header that is no JSON", fileOf("{"), /the header is not JSON/],
    ["a header that is an array", fileOf([]), /the header is not a JSON object/],
    [
      "another kind of file",
      new TextEncoder().encode("PK\u0003\u0004 and so on, a long text"),
      /this is not a safetensors file/,
    ],
    [
      "unknown numbers",
      fileOf({ x: { ...entry, dtype: "F4" } }, new Uint8Array(2)),
      /unsupported dtype of tensor "x": got "F4"/,
    ],
  ])("refuses %s", (_, file, message) => {
    expect(() => decodeSafetensors(file, "some.safetensors")).toThrow(message);
    expect(() => decodeSafetensors(file, "some.safetensors")).toThrow(/^some.safetensors: /);
  });

  test("refuses to write bytes that do not fit their shape, and the name that is taken", () => {
    const wrong = { dtype: "F32", shape: [2], bytes: new Uint8Array(4) } as const;
    expect(() => encodeSafetensors(new Map([["x", wrong]]))).toThrow(
      /mismatch in tensor "x": got 4 bytes, expected 8 \(F32 \[2\]\)/,
    );
    expect(() => encodeSafetensors(new Map([["__metadata__", wrong]]))).toThrow(/invalid tensor name "__metadata__"/);
    expect(() => encodeSafetensors(new Map(), { step: 5 as never })).toThrow(
      /invalid metadata.step: got 5, expected a string/,
    );
  });
});

describe.each(everyEngine)("tensors in safetensors on $name", ({ options }) => {
  beforeAll(async () => {
    await engine.init(options);
  });

  test("come back to the bit", async () => {
    const reals = [0.1, -0, NaN, Infinity, 2 ** -149, 1e30];
    const given = {
      reals: tensor(reals, [2, 3]),
      ids: tensor([-5, 2 ** 24 + 1], [2], { dtype: "int32" }),
      scalar: tensor([0.1], []),
      none: zeros([0, 4]),
    };
    const bytes = await saveSafetensors(given, { note: "kept" });
    const { tensors, metadata } = loadSafetensors(bytes);
    expect(metadata).toEqual({ note: "kept" });
    for (const [name, wanted] of Object.entries(given)) {
      const loaded = tensors.get(name)!;
      expect([loaded.shape, loaded.dtype]).toEqual([wanted.shape, wanted.dtype]);
      expect(stored(loaded).bytes).toEqual(stored(wanted).bytes);
    }
    expect(await saveSafetensors(tensors, metadata)).toEqual(bytes);
  });

  test("PyTorch's state dict loads by name", () => {
    const { tensors } = loadSafetensors(fromPyTorch);
    expect(tensors.get("weight_hh_l1")!.shape).toEqual([64, 16]);
    const bytes = decodeSafetensors(fromPyTorch).tensors.get("bias_hh_l0")!.bytes.slice();
    expect(tensors.get("bias_hh_l0")!.dataSync()).toEqual(new Float32Array(bytes.buffer));
  });
});

describe("numbers of other widths", () => {
  beforeEach(() => engine.init({ backend: "reference" }));

  test("come the same from Node's Buffer, whose slice() copies nothing", () => {
    const { tensors } = loadSafetensors(Buffer.from(fromPyTorch));
    const expected = loadSafetensors(fromPyTorch).tensors;
    for (const [name, values] of tensors) expect(values.dataSync()).toEqual(expected.get(name)!.dataSync());
  });

  test.each<[StoredDType, number[], number, "float" | "int32"]>([
    ["F16", [0x00, 0x3c], 1, "float"],
    ["F16", [0xff, 0x7b], 65504, "float"],
    ["F16", [0x01, 0x80], -(2 ** -24), "float"],
    ["F16", [0x00, 0xfc], -Infinity, "float"],
    ["F16", [0x01, 0x7c], NaN, "float"],
    ["BF16", [0x80, 0x3f], 1, "float"],
    ["BF16", [0x49, 0xc0], -3.140625, "float"],
    ["F64", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5, "float"],
    ["BOOL", [1], 1, "int32"],
    ["U8", [200], 200, "int32"],
    ["I8", [0xff], -1, "int32"],
    ["U16", [0xff, 0xff], 65535, "int32"],
    ["I16", [0xfe, 0xff], -2, "int32"],
    ["U32", [1, 0, 0, 0], 1, "int32"],
    ["I64", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1, "int32"],
    ["U64", [7, 0, 0, 0, 0, 0, 0, 0], 7, "int32"],
  ])("%s %j is %d", (dtype, bytes, expected, kind) => {
    const loaded = loadSafetensors(numbersAs(dtype, bytes)).tensors.get("x")!;
    expect(loaded.dtype).toBe(kind);
    expect(loaded.dataSync()[0]).toBe(expected);
  });

  test("whole numbers beyond 32 bits are refused by name", () => {
    const file = numbersAs("I64", [0, 0, 0, 0, 1, 0, 0, 0]);
    expect(() => loadSafetensors(file)).toThrow(/unsupported number in tensor "x": got 4294967296/);
  });

  test("8-bit reals are refused by name", () => {
    expect(() => loadSafetensors(numbersAs("F8_E4M3", [1]))).toThrow(/unsupported dtype of tensor "x": got F8_E4M3/);
  });

  test("more axes than a tensor can have are refused by name", () => {
    const header = JSON.stringify({ w: { dtype: "F32", shape: [1, 1, 1, 1, 1, 1, 1], data_offsets: [0, 4] } });
    const file = new Uint8Array(8 + header.length + 4);
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
    file.set(new TextEncoder().encode(header), 8);
    expect(() => loadSafetensors(file, "x.safetensors")).toThrow(
      'x.safetensors: unsupported shape of tensor "w": got [1, 1, 1, 1, 1, 1, 1], expected at most 6 axes',
    );
  });
});
