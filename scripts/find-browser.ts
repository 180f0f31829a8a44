import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** What a headless browser needs on a machine that may be a container, without a GPU and without a network. */
export const browserArguments: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * The path of a Chromium that starts here, installed if need be: with apt-get as root, else Playwright's own download.
 * `undefined` where none is to be had. `CHROME_PATH` names one and ends the search.
 */
export function findBrowser(): string | undefined {
  const named = process.env["CHROME_PATH"];
  if (named !== undefined && named !== "") {
    if (!starts(named)) throw new Error(`CHROME_PATH: invalid: ${named} does not start; name a Chromium or unset it`);
    return named;
  }
  return installed() ?? (install() ? installed() : undefined);
}

function installed(): string | undefined {
  return [...places, chromium.executablePath()].find((path) => existsSync(path) && starts(path));
}

/** A browser can be there and still lack a shared library. On Windows `--version` opens a window instead of answering. */
function starts(path: string): boolean {
  if (process.platform === "win32") return existsSync(path);
  return spawnSync(path, ["--no-sandbox", "--version"], { stdio: "ignore", timeout: 60_000 }).status === 0;
}

function install(): boolean {
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync("/usr/bin/apt-get")) {
    process.stderr.write("no Chromium found: installing the distribution's with apt-get\n");
    return (
      run("apt-get", ["update", "-q"]) && run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"])
    );
  }
  process.stderr.write("no Chromium found: letting Playwright download one\n");
  return run("npx", ["playwright-core", "install", "chromium"]);
}

function run(command: string, words: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return (
    spawnSync(command, words, { env, stdio: "ignore", timeout: 600_000, shell: process.platform === "win32" })
      .status === 0
  );
}
