// What the browser test runs, once on the page and once in a Web Worker (where threads are allowed).
// The bundle is made from core's build, as a user's would be: what is not exported by the package
// comes from "../../dist/...", never from "../../src/...", or there would be two engines.
import { version } from "@hiddenstate/core";

/** One place's findings. Everything in it survives structured cloning and JSON. */
export interface Report {
  crossOriginIsolated: boolean;
  version: string;
}

export async function runChecks(): Promise<Report> {
  // To come: the conformance suite, ten training steps, a stream.
  return { crossOriginIsolated: globalThis.crossOriginIsolated, version };
}
