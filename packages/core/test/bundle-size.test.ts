import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { build, type Rollup } from "vite";

const core = fileURLToPath(new URL("../dist/index.js", import.meta.url));

/** Bytes, after a web server's compression, of everything that a page gets which imports this. */
async function bundledBytes(imports: string): Promise<number> {
  const page = "\0page";
  const result = await build({
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "a page",
        resolveId: (id) => (id === "page" ? page : null),
        load: (id) => (id === page ? `export ${imports} from ${JSON.stringify(core)};` : null),
      },
    ],
    build: {
      write: false,
      minify: true,
      target: "es2023",
      rollupOptions: { input: "page", preserveEntrySignatures: "strict", output: { codeSplitting: false } },
    },
  });
  const { output } = result as Rollup.RollupOutput;
  const texts = output.map((file) => (file.type === "chunk" ? file.code : file.source));
  return gzipSync(texts.join("\n"), { level: 9 }).length;
}

/** The wasm module is in it, which a page loads apart where its bundler splits code. */
test.each([
  ["an LSTM", "{ engine, tensor, LSTM }", 120],
  ["all of core", "*", 200],
])("%s takes no more room than it should", async (_, imports, kilobytes) => {
  const bytes = await bundledBytes(imports);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(kilobytes * 1000);
});
