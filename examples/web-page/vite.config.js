// `npx vite examples/web-page` serves the page, and `public/model` as `model/`; `npx vite build examples/web-page` makes files for any server.
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  build: { target: "es2023", emptyOutDir: true },
});
