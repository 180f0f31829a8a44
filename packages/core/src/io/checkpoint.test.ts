import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { buildTokenizer } from "../data/make-tokenizer.ts";
import { engine } from "../engine.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { Adam } from "../optim/adam.ts";
import { crc32 } from "./crc32.ts";
import { exactJson, parseExactJson } from "./exact-json.ts";
import { loadModel, modelPaths, saveModel } from "./model-files.ts";
import { MemoryStorage } from "./model-storage.ts";
import { saveSafetensors, stored } from "./safetensors.ts";
import { appendMetrics, cutMetrics, loadTraining, saveTraining, trainingPaths } from "./training-files.ts";

beforeEach(() => engine.init({ backend: "reference" }));

const text = (storage: MemoryStorage, path: string) => new TextDecoder().decode(storage.files.get(path));

function edit(storage: MemoryStorage, path: string, from: string, to: string): void {
  const before = text(storage, path);
  expect(before).toContain(from);
  storage.files.set(path, new TextEncoder().encode(before.replace(from, to)));
}

describe("a saved model", () => {
  const config = { task: "lm", architecture: { cell: "lstm", hidden: 4 }, rate: 0.1, note: "ü" };

  async function saved(): Promise<MemoryStorage> {
    const storage = new MemoryStorage("runs/test");
    const parameters = { "rnn.weight": tensor([1, 2, 3, 4], [2, 2]), "rnn.bias": tensor([0.1, 0.2]) };
    await saveModel(storage, { config, parameters, tokenizer: buildTokenizer("character", "hello") });
    return storage;
  }

  test("loads as it was", async () => {
    const model = await loadModel(await saved());
    expect(model.config).toEqual(config);
    expect(model.tokenizer!.decode(model.tokenizer!.encode("hello"))).toBe("hello");
    expect([...model.parameters].map(([name, { shape }]) => [name, shape])).toEqual([
      ["rnn.bias", [2]],
      ["rnn.weight", [2, 2]],
    ]);
    expect(model.parameters.get("rnn.weight")!.dataSync()).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test("has the same bytes whenever it is saved", async () => {
    expect((await saved()).files).toEqual((await saved()).files);
  });

  test("keeps the files of the parts that are not saved again", async () => {
    const storage = await saved();
    const before = new Map(storage.files);
    await saveModel(storage, { parameters: { w: tensor([1]) } });
    expect(storage.files.get(modelPaths.config)).toEqual(before.get(modelPaths.config));
    expect([...(await loadModel(storage)).parameters.keys()]).toEqual(["w"]);
  });

  test("takes parameters that another program saved, without checksums", async () => {
    const storage = await saved();
    await storage.write(modelPaths.parameters, await saveSafetensors({ w: tensor([1]) }, { format: "pt" }));
    expect([...(await loadModel(storage)).parameters.keys()]).toEqual(["w"]);
  });

  test("takes a config that was edited once its checksum is deleted", async () => {
    const storage = await saved();
    edit(storage, modelPaths.config, '"lm"', '"tag"');
    await expect(loadModel(storage)).rejects.toThrow(
      /^runs\/test\/config.json: corrupt file: its contents changed since it was written; .* delete its "checksum"/,
    );
    edit(storage, modelPaths.config, '"checksum"', '"remark"');
    expect((await loadModel(storage)).config.task).toBe("tag");
  });

  test.each([
    [
      "no model at all",
      [modelPaths.config, modelPaths.parameters, modelPaths.tokenizer],
      /runs\/test: missing config.json/,
    ],
    ["no parameters", [modelPaths.parameters], /runs\/test: missing model.safetensors/],
  ])("that is %s is missing", async (_, paths, message) => {
    const storage = await saved();
    for (const path of paths) storage.files.delete(path);
    await expect(loadModel(storage)).rejects.toThrow(message);
  });

  test.each([
    [modelPaths.config, "{", /config.json: corrupt file: it is not JSON/],
    [modelPaths.config, "[]", /config.json: corrupt file: it is not a JSON object/],
    [modelPaths.tokenizer, "{}", /tokenizer.json: unknown kind of tokenizer/],
  ])("refuses a %s of %s", async (path, contents, message) => {
    const storage = await saved();
    await storage.write(path, new TextEncoder().encode(contents));
    await expect(loadModel(storage)).rejects.toThrow(message);
  });

  test("names the tensor whose numbers changed", async () => {
    const storage = await saved();
    storage.files.get(modelPaths.parameters)![storage.files.get(modelPaths.parameters)!.length - 1] ^= 1;
    await expect(loadModel(storage)).rejects.toThrow(
      /^runs\/test\/model.safetensors: corrupt file: tensor "rnn.weight" changed/,
    );
  });

  test("finds every changed byte and every cut", async () => {
    const storage = await saved();
    const whole = storage.files.get(modelPaths.parameters)!.slice();
    const damages = fc.record({
      place: fc.nat(whole.length - 1),
      flip: fc.integer({ min: 1, max: 255 }),
      cut: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(damages, async ({ place, flip, cut }) => {
        const damaged = cut ? whole.slice(0, place) : whole.slice();
        // Another kind of white space behind the header's JSON changes nothing.
        if (!cut) damaged[place] ^= whole[place] === 0x20 ? 0x80 : flip;
        storage.files.set(modelPaths.parameters, damaged);
        await expect(loadModel(storage)).rejects.toThrow(/^runs\/test\/model.safetensors: /);
      }),
      { numRuns: 500 },
    );
  });
});

async function savedTraining() {
  const storage = new MemoryStorage("runs/test");
  const parameter = tensor([1, 2]);
  parameter.requiresGrad = true;
  parameter.grad = tensor([0.1, -0.1]);
  const adam = new Adam([parameter]);
  adam.step();
  const progress = { step: 7, best: Infinity, rates: [0.1, 1 / 3], cursor: { epoch: 0, index: 3 } };
  await appendMetrics(storage, { step: 7, loss: 1.5 });
  await saveTraining(storage, {
    parameters: new Map([["w", parameter]]),
    optimizer: adam.stateDict(),
    carried: new Map([["h", tensor([1, 2, 3], [1, 1, 3])]]),
    progress,
  });
  return { storage, parameter, adam, progress };
}

function bits(state: ReadonlyMap<string, Tensor | number>): Record<string, Uint8Array | number> {
  const entries = [...state].map(([name, value]) => [name, typeof value === "number" ? value : stored(value).bytes]);
  return Object.fromEntries(entries) as Record<string, Uint8Array | number>;
}

describe("a saved training", () => {
  test("loads to the bit", async () => {
    const { storage, parameter, adam, progress } = await savedTraining();
    const training = (await loadTraining<typeof progress>(storage))!;
    expect(training.progress).toEqual(progress);
    expect(training.carried.get("h")!.shape).toEqual([1, 1, 3]);
    expect(bits(training.optimizer)).toEqual(bits(adam.stateDict()));
    expect(bits(training.parameters)).toEqual({ w: stored(parameter).bytes });
  });

  test("is null where there is none yet, and the metrics are emptied to start over", async () => {
    const storage = new MemoryStorage();
    await appendMetrics(storage, { step: 1 });
    expect(await loadTraining(storage)).toBe(null);
    await cutMetrics(storage, null);
    expect(text(storage, trainingPaths.metrics)).toBe("");
  });

  test("cuts the metrics back to the commit point when it goes on", async () => {
    const { storage } = await savedTraining();
    await appendMetrics(storage, { step: 8 });
    await storage.append(trainingPaths.metrics, '{"step":');
    const training = await loadTraining(storage);
    expect(text(storage, trainingPaths.metrics)).toContain('"step":8');
    await cutMetrics(storage, training);
    expect(text(storage, trainingPaths.metrics)).toBe('{"step":7,"loss":1.5}\n');
  });

  test("names the file and the tensor that changed", async () => {
    const { storage } = await savedTraining();
    const bytes = storage.files.get(trainingPaths.last)!;
    bytes[bytes.length - 1] ^= 1;
    await expect(loadTraining(storage)).rejects.toThrow(
      /^runs\/test\/training\/last.safetensors: corrupt file: tensor "parameters.w" changed since it was written/,
    );
    storage.files.set(trainingPaths.last, bytes.slice(0, -3));
    await expect(loadTraining(storage)).rejects.toThrow(/truncated: tensor "parameters.w" reaches to byte/);
  });

  test("needs its checksums", async () => {
    const { storage } = await savedTraining();
    await storage.write(trainingPaths.last, await saveSafetensors({ w: tensor([1]) }));
    await expect(loadTraining(storage)).rejects.toThrow(/its metadata changed/);
  });
});

test("CRC-32 has the check value of its definition, in one piece and in two", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(crc32(bytes)).toBe(0xcbf43926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
});

test("exact JSON keeps every number", () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (numbers) => {
      expect(parseExactJson(exactJson({ numbers }))).toEqual({ numbers });
    }),
  );
  expect(parseExactJson(exactJson([NaN, -Infinity, -0, "NaN"]))).toEqual([NaN, -Infinity, -0, "NaN"]);
});

test.each([
  [{ "#number": "NaN" }],
  [{ "#number": 3, "##number": "a" }],
  [{ "#number": NaN, other: [{ "#number": "-0" }] }],
  [["#number"]],
])("exact JSON gives back a record whose key looks like its own: %j", (value) => {
  expect(parseExactJson(exactJson(value))).toEqual(value);
});
