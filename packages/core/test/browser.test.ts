import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserArguments, findBrowser } from "../../../scripts/find-browser.ts";
import { engine, version } from "../src/index.ts";
import { checkNames, type PageResult, type Report } from "./browser/report.ts";
import { serveFolder } from "./browser/static-server.ts";
import { trainTenSteps } from "./browser/training.ts";

const executablePath = findBrowser();
if (executablePath === undefined) {
  process.stderr.write("left out: packages/core/test/browser.test.ts (no Chromium here; CHROME_PATH can name one)\n");
}

describe.skipIf(executablePath === undefined)("core in a browser", () => {
  const site = mkdtempSync(join(tmpdir(), "hiddenstate-browser-"));
  const reports = new Map<string, Report>();
  let browser: Browser | undefined;

  beforeAll(async () => {
    await buildPage(site);
    browser = await chromium.launch({ executablePath, args: [...browserArguments] });
    const openBoth = [true, false].map(async (isolated) => {
      const { page, worker } = await openPage(browser!, site, isolated);
      reports.set(`page ${isolated}`, page).set(`worker ${isolated}`, worker);
    });
    await Promise.all(openBoth);
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(site, { recursive: true, force: true });
  });

  for (const isolated of [true, false]) {
    describe(`a page ${isolated ? "with" : "without"} cross-origin isolation`, () => {
      describe.each([
        ["its main thread", "page"],
        ["its worker", "worker"],
      ])("%s", (_, place) => {
        const report = (): Report => reports.get(`${place} ${isolated}`)!;

        test("knows whether it is isolated", () => {
          expect(report().crossOriginIsolated).toBe(isolated);
        });

        test("runs this version of core", () => {
          expect(report().version).toBe(version);
        });

        test.each(checkNames)("%s", (name) => {
          const { failures } = report().results.find((result) => result.name === name)!;
          expect(failures).toEqual([]);
        });
      });
    });
  }

  test("every place computes the same losses, bit for bit", () => {
    const [first, ...others] = [...reports.values()].map(({ losses }) => losses);
    expect(others).toEqual([first, first, first]);
  });

  test("the losses are those of Node", async () => {
    const { losses, instructionSet } = reports.get("page true")!;
    await engine.init({ backend: "wasm", instructionSet: instructionSet as "relaxed" | "simd128" });
    const here = (await trainTenSteps()).losses;
    // Not promised to the bit: the last digit of Math.log and Math.cos, which draw the initial weights, is the host's own.
    losses.forEach((loss, step) => expect(loss).toBeCloseTo(here[step], 5));
  });
});

/** Bundles the page with core's build, found by its name and its exports, as a user's project would. */
async function buildPage(outDir: string): Promise<void> {
  const core = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  if (!existsSync(core)) throw new Error("browser test: missing packages/core/dist: run `npm run build` first");
  const configFile = fileURLToPath(new URL("browser/vite.config.ts", import.meta.url));
  await build({ configFile, logLevel: "error", build: { outDir } });
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
