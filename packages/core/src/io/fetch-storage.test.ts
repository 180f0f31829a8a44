import { afterEach, describe, expect, test, vi } from "vitest";
import { FetchStorage } from "./fetch-storage.ts";

afterEach(() => vi.unstubAllGlobals());

/** A server that knows these paths. */
function serve(answers: Record<string, () => Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return answers[url]?.() ?? new Response("not found", { status: 404 });
  });
  return asked;
}

describe("FetchStorage", () => {
  test("reads the files of a folder behind a URL, with or without a slash at its end", async () => {
    const asked = serve({ "https://example.org/m/config.json": () => new Response(Uint8Array.of(1, 2, 3)) });
    for (const location of ["https://example.org/m", "https://example.org/m/"])
      expect(await new FetchStorage(location).read("config.json")).toEqual(Uint8Array.of(1, 2, 3));
    expect(asked).toEqual(Array(2).fill("https://example.org/m/config.json"));
  });

  test("a file that is not there is none, also where the server sends a page instead", async () => {
    const headers = { "content-type": "text/html; charset=utf-8" };
    serve({ "/m/tokenizer.json": () => new Response("<!doctype html>", { headers }) });
    expect(await new FetchStorage("/m").read("config.json")).toBeNull();
    expect(await new FetchStorage("/m").read("tokenizer.json")).toBeNull();
  });

  test("says what the server said, and what happened where there was no answer", async () => {
    serve({
      "/m/config.json": () => new Response("", { status: 503 }),
      "/m/model.safetensors": () => {
        throw new TypeError("connection refused");
      },
    });
    const storage = new FetchStorage("/m");
    await expect(storage.read("config.json")).rejects.toThrow(
      "cannot read /m/config.json: the server answered 503; is the folder of the model served there?",
    );
    await expect(storage.read("model.safetensors")).rejects.toThrow(
      "cannot read /m/model.safetensors: connection refused",
    );
  });
});
