import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { folder } from "./command.ts";

const script = fileURLToPath(new URL("../../../scripts/quickstart.js", import.meta.url));
const quickstart = (): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [script, "--steps", "12", "--out", join(folder, "quickstart")], { encoding: "utf8" });

describe("the quickstart, shortened", () => {
  test("trains, tells the loss, writes 400 characters and says what to try next; and again", () => {
    for (let times = 0; times < 2; times++) {
      const { status, stdout, stderr } = quickstart();
      expect({ status, stderr }).toMatchObject({ status: 0 });
      expect(stdout).toMatch(/held-out loss [\d.]+ nats, [\d.]+ bits per character, perplexity [\d.]+/);
      expect(stdout).toMatch(/Worth trying next:\n {2}npx hiddenstate generate/);
      const [, written] = /It writes 400 characters:\n\n([\s\S]*)\n\nWorth trying next/.exec(String(stdout)) ?? [];
      expect(written.length).toBeGreaterThanOrEqual(400);
    }
  });

  test("learns from the first million characters of the pinned declarations, the same everywhere", () => {
    const text = readFileSync(join(folder, "quickstart.txt"), "utf8");
    expect(text).toHaveLength(1_000_000);
    expect(text).toMatch(/^\/\*\*\n \* The `node:assert` module/);
  });
});
