import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserArguments, findBrowser } from "../../../scripts/find-browser.ts";
import { version } from "../src/index.ts";
import type { Report } from "./browser/checks.ts";
import type { PageResult } from "./browser/page.ts";
import { serveFolder } from "./browser/static-server.ts";

const executablePath = findBrowser();
if (executablePath === undefined) {
  process.stderr.write("left out: packages/core/test/browser.test.ts (no Chromium here; CHROME_PATH can name one)\n");
}

describe.skipIf(executablePath === undefined)("core in a browser", () => {
  const site = mkdtempSync(join(tmpdir(), "hiddenstate-browser-"));
  let browser: Browser | undefined;

  beforeAll(async () => {
    await buildPage(site);
    browser = await chromium.launch({ executablePath, args: [...browserArguments] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(site, { recursive: true, force: true });
  });

  for (const isolated of [true, false]) {
    describe(`a page ${isolated ? "with" : "without"} cross-origin isolation`, () => {
      let result: { page: Report; worker: Report };

      beforeAll(async () => {
        result = await openPage(browser!, site, isolated);
      });

      for (const place of ["page", "worker"] as const) {
        test(`the ${place} knows whether it is isolated`, () => {
          expect(result[place].crossOriginIsolated).toBe(isolated);
        });

        test(`the ${place} runs this version of core`, () => {
          expect(result[place].version).toBe(version);
        });
      }
    });
  }
});

/** Bundles the page with core's build, as a user's project would. */
async function buildPage(outDir: string): Promise<void> {
  const core = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  if (!existsSync(core)) throw new Error("browser test: missing packages/core/dist: run `npm run build` first");
  await build({
    root: fileURLToPath(new URL("browser", import.meta.url)),
    configFile: false,
    logLevel: "error",
    resolve: { alias: [{ find: /^@hiddenstate\/core$/, replacement: core }] },
    worker: { format: "es" },
    build: { outDir, emptyOutDir: true, target: "es2023" },
  });
}

async function openPage(
  browser: Browser,
  site: string,
  isolated: boolean,
): Promise<Exclude<PageResult, { error: string }>> {
  const server = await serveFolder(site, { isolated });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    const crash = new Promise<never>((_, reject) => {
      page.on("pageerror", reject);
      page.on("crash", () => reject(new Error("the page crashed")));
    });
    await page.goto(server.url);
    await Promise.race([crash, page.waitForFunction(() => window.__result !== undefined, null, { timeout: 240_000 })]);
    const result = await page.evaluate(() => window.__result!);
    if ("error" in result) throw new Error([result.error, ...said].join("\n"));
    return result;
  } finally {
    await context.close();
    await server.close();
  }
}
