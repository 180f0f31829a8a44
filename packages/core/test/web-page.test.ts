import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserArguments, findBrowser } from "../../../scripts/find-browser.ts";
import { engine, loadTextModel, MemoryStorage, type TextModel, trainLanguageModel } from "../src/index.ts";
import { serveFolder } from "./browser/static-server.ts";

const executablePath = findBrowser();
if (executablePath === undefined) process.stderr.write("left out: packages/core/test/web-page.test.ts (no Chromium)\n");

const example = fileURLToPath(new URL("../../../examples/web-page", import.meta.url));

describe.skipIf(executablePath === undefined)("the example of a web page", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "hiddenstate-web-page-"));
  let model: TextModel;
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  let page: Page;

  beforeAll(async () => {
    model = await trainInto(join(folder, "public/model"));
    await build({
      configFile: join(example, "vite.config.js"),
      logLevel: "error",
      publicDir: join(folder, "public"),
      build: { outDir: join(folder, "site") },
    });
    server = await serveFolder(join(folder, "site"), { isolated: false });
    browser = await chromium.launch({ executablePath, args: [...browserArguments] });
    page = await browser.newPage({ viewport: { width: 800, height: 640 } });
    await page.goto(server.url);
    await page.locator("textarea:enabled").waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("expects what the model expects in Node", async () => {
    await page.locator("textarea").pressSequentially("the quick b");
    const stream = model.stream();
    stream.push("the quick b");
    const shown = await page.locator("li span").first().textContent();
    expect(shown).toBe(model.tokenizer.decode([stream.logits!.indexOf(Math.max(...stream.logits!))]));
    expect(shown).toBe("r");
    expect(await page.locator("#status").textContent()).toBe("11 characters read");
  });

  test("reads what was altered anew, and says what it can't read", async () => {
    await page.locator("textarea").fill("the quick brown f");
    expect(await page.locator("li span").first().textContent()).toBe("o");
    await page.locator("textarea").fill("the quick €");
    expect(await page.locator("#status").textContent()).toContain("€");
  });

  test("writes on", async () => {
    await page.locator("textarea").fill("the quick brown ");
    await page.locator("button").click();
    await page.locator("button:enabled").waitFor();
    const written = await page.locator("textarea").inputValue();
    expect(written).toMatch(/^the quick brown \w/);
    expect(written).toHaveLength("the quick brown ".length + 80);
  });
});

/** Trains a small model on a sentence, and writes its folder as the command line does. */
async function trainInto(folder: string): Promise<TextModel> {
  await engine.init({ threads: 1 });
  const storage = new MemoryStorage();
  const data = { training: "the quick brown fox jumps over the lazy dog; ".repeat(60) };
  const run = trainLanguageModel(
    data,
    { hidden: 32, layers: 1, dropout: 0, lr: 1e-2, batch: 8, bptt: 32, steps: 120 },
    { storage },
  );
  for await (const _event of run);
  for (const [path, bytes] of storage.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return loadTextModel(storage);
}
