// `npx vite packages/core/test/browser` serves the page for a person to open, after `npm run build`.
import { defineConfig } from "vite";

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  root: import.meta.dirname,
  worker: { format: "es" },
  build: { target: "es2023", emptyOutDir: true },
  server: { headers: isolation },
});
