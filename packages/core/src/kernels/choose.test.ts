import { afterEach, describe, expect, test, vi } from "vitest";
import { engine, type EngineOptions } from "../engine.ts";
import { version } from "../version.ts";
import type { NativeAddon } from "./native/addon.ts";
import { signatures } from "./signatures.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const builtin = process.getBuiltinModule.bind(process);

/** Makes `require("@hiddenstate/native")` give this, or throw it. */
function installNative(what: Partial<NativeAddon> | Error): void {
  const require = (): unknown => {
    if (what instanceof Error) throw what;
    return what;
  };
  vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) =>
    name === "module" ? { createRequire: () => require } : builtin(name),
  );
}

function notFound(name: string): Error {
  return Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- here`), { code: "MODULE_NOT_FOUND" });
}

const layout = JSON.stringify(signatures);
const withoutSets = { version, layout, instructionSets: [] };

async function chosen(options: EngineOptions = {}): Promise<[backend: string, instructionSet: string, reason: string]> {
  const { backend, instructionSet, considered } = await engine.init(options);
  const [one, ...others] = considered.filter((kernels) => kernels.chosen);
  expect(others).toEqual([]);
  expect(one).toMatchObject({ backend, instructionSet, available: true });
  return [backend, instructionSet, one.reason];
}

const nativeReason = (): string | undefined =>
  engine.info().considered.find(({ backend }) => backend === "native")?.reason;

describe("engine.init without @hiddenstate/native", () => {
  test("takes wasm, with relaxed SIMD where there is some, and says why not native", async () => {
    installNative(notFound("@hiddenstate/native"));
    expect(await chosen()).toEqual(["wasm", "relaxed", "the fastest that runs here"]);
    expect(nativeReason()).toBe("@hiddenstate/native is not installed");
    expect(
      engine.info().considered.map(({ backend, instructionSet, available }) => [backend, instructionSet, available]),
    ).toEqual([
      ["native", null, false],
      ["wasm", "relaxed", true],
      ["wasm", "simd128", true],
      ["reference", "f32", true],
    ]);
  });

  test("refuses native, and lists what there is", async () => {
    installNative(notFound("@hiddenstate/native"));
    await expect(engine.init({ backend: "native" })).rejects.toMatchObject({
      code: "unsupported",
      message:
        'engine.init: unsupported backend "native": @hiddenstate/native is not installed; this host runs wasm (relaxed, simd128), reference',
    });
    await expect(engine.init({ instructionSet: "avx2" })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining('instruction set "avx2": @hiddenstate/native is not installed'),
    });
  });

  test("tells a binary that does not load from one that is not there", async () => {
    installNative(new Error("libc.so.6: version `GLIBC_9.99' not found"));
    expect((await chosen())[0]).toBe("wasm");
    expect(nativeReason()).toContain("does not load: libc.so.6");
    installNative(notFound("./dist/linux-x64.node"));
    await engine.init();
    expect(nativeReason()).toContain("does not load");
  });
});

describe("engine.init with an addon that does not fit", () => {
  test("refuses one of another version, and takes wasm", async () => {
    installNative({ ...withoutSets, version: "0.0.9" });
    expect((await chosen())[0]).toBe("wasm");
    expect(nativeReason()).toContain(`is version 0.0.9, and @hiddenstate/core is ${version}`);
  });

  test("refuses one whose kernels take other arguments", async () => {
    installNative({ ...withoutSets, layout: layout.replace("fill", "full") });
    expect((await chosen())[0]).toBe("wasm");
    expect(nativeReason()).toContain("built from other sources");
  });

  test("refuses an instruction set that the processor lacks", async () => {
    installNative({ ...withoutSets, instructionSets: [{ name: "avx512", runs: false }] });
    expect((await chosen())[0]).toBe("wasm");
    await expect(engine.init({ instructionSet: "avx512" })).rejects.toMatchObject({
      message: expect.stringContaining("this processor lacks it; this host runs wasm"),
    });
    await expect(engine.init({ instructionSet: "neon" })).rejects.toMatchObject({
      message: expect.stringContaining("nothing here has it; this host runs wasm"),
    });
  });
});

describe("what is asked for", () => {
  test("is what computes", async () => {
    expect(await chosen({ backend: "wasm" })).toEqual(["wasm", "relaxed", "asked for by engine.init"]);
    expect(await chosen({ backend: "wasm", instructionSet: "simd128" })).toEqual([
      "wasm",
      "simd128",
      "asked for by engine.init",
    ]);
    expect(await chosen({ instructionSet: "simd128" })).toEqual(["wasm", "simd128", "asked for by engine.init"]);
    expect(await chosen({ backend: "reference" })).toEqual(["reference", "f32", "asked for by engine.init"]);
    expect(await chosen({ precision: "f64" })).toEqual(["reference", "f64", "asked for by engine.init"]);
  });

  test.each<[EngineOptions, string]>([
    [{ backend: "wasm", precision: "f64" }, 'backend "wasm" with precision "f64": it computes in f32 only'],
    [{ backend: "reference", instructionSet: "relaxed" }, 'backend "reference" with instruction set "relaxed"'],
    [{ backend: "wasm", instructionSet: "avx2" }, 'backend "wasm" with instruction set "avx2": nothing here has it'],
    [{ backend: "reference", module: {} }, 'module with backend "reference"'],
  ])("is refused where it cannot be: %j", async (options, message) => {
    await expect(engine.init(options)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(message),
    });
  });

  test("is refused where the module is none", async () => {
    await expect(engine.init({ module: {} })).rejects.toMatchObject({
      code: "invalid",
      message:
        "engine.init: invalid module: got Object, expected a WebAssembly.Module, such as WebAssembly.compile gives",
    });
  });
});

describe("the environment", () => {
  test("chooses where the options do not", async () => {
    vi.stubEnv("HIDDENSTATE_BACKEND", "wasm");
    expect(await chosen()).toEqual(["wasm", "relaxed", "asked for by HIDDENSTATE_BACKEND"]);
    vi.stubEnv("HIDDENSTATE_INSTRUCTION_SET", "simd128");
    const both = "asked for by HIDDENSTATE_BACKEND and HIDDENSTATE_INSTRUCTION_SET";
    expect(await chosen({ backend: "auto" })).toEqual(["wasm", "simd128", both]);
    expect((await chosen({ backend: "wasm" }))[1]).toBe("simd128");
  });

  test("gives way to the options", async () => {
    vi.stubEnv("HIDDENSTATE_BACKEND", "reference");
    vi.stubEnv("HIDDENSTATE_INSTRUCTION_SET", "simd128");
    expect((await chosen({ backend: "wasm", instructionSet: "relaxed" })).slice(0, 2)).toEqual(["wasm", "relaxed"]);
    expect((await chosen({ instructionSet: "relaxed" })).slice(0, 2)).toEqual(["wasm", "relaxed"]);
    expect((await chosen({ backend: "reference" })).slice(0, 2)).toEqual(["reference", "f32"]);
    expect((await chosen({ precision: "f64" })).slice(0, 2)).toEqual(["reference", "f64"]);
  });

  test("is refused where it names what nobody knows, or what is not here", async () => {
    vi.stubEnv("HIDDENSTATE_INSTRUCTION_SET", "sse9");
    await expect(engine.init()).rejects.toMatchObject({
      code: "invalid",
      message:
        'engine.init: invalid environment variable HIDDENSTATE_INSTRUCTION_SET: got "sse9", expected one of avx512, avx2, neon, relaxed, simd128',
    });
    vi.stubEnv("HIDDENSTATE_INSTRUCTION_SET", "neon");
    installNative(withoutSets);
    await expect(engine.init()).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining('HIDDENSTATE_INSTRUCTION_SET: unsupported instruction set "neon"'),
    });
  });
});
