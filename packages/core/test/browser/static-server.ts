import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const contentTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** A folder's files over HTTP on a free local port; `isolated` sends the two headers that allow shared memory. */
export async function serveFolder(
  folder: string,
  options: { isolated: boolean },
): Promise<{ url: string; close: () => Promise<void> }> {
  const headers: Record<string, string> = options.isolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    // An absolute path cannot climb above the root it is joined to.
    const path = join(folder, normalize(pathname === "/" ? "/index.html" : decodeURIComponent(pathname)));
    readFile(path).then(
      (bytes) => {
        const contentType = contentTypes[extname(path)] ?? "application/octet-stream";
        response.writeHead(200, { ...headers, "Content-Type": contentType }).end(bytes);
      },
      () => response.writeHead(404, headers).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
