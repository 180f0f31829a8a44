import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { experiments } from "./catalogue.ts";
import { readFindings, reportOf } from "./report.ts";

const docs = fileURLToPath(new URL("../../../../docs/", import.meta.url));

test("docs/lab.md is what the committed results say, by today's criteria", async () => {
  expect(readFileSync(`${docs}lab.md`, "utf8")).toBe(reportOf(await readFindings(`${docs}lab`), "lab"));
});

test("the committed run is whole and thorough, with at least 3 seeds and the settings of today", async () => {
  const findings = await readFindings(`${docs}lab`);
  expect(findings.map(({ experiment }) => experiment.name)).toEqual(experiments.map(({ name }) => name));
  for (const { experiment, result } of findings) {
    expect(result).toMatchObject({ budget: "thorough", settings: experiment.settings.thorough });
    expect(result.seeds.length).toBeGreaterThanOrEqual(3);
  }
});
