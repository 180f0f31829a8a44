import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { allPhases, commonPhases } from "./phases.js";

/**
 * @typedef {import("./cases.js").Case} Case
 * @typedef {import("./participant.js").Contender} Contender
 */

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** A stream of a Transformer gets longer and longer, so it is no one thing to time. @type {readonly import("./phases.js").Phase[]} */
const transformerPhases = ["train", "forward"];

/** Where the peers from npm are installed. */
const peersFolder = path.resolve(process.env["HIDDENSTATE_PEERS"] ?? here("peers/installed"));
/** A Python that has PyTorch. */
const python = process.env["HIDDENSTATE_PYTHON"] ?? "python3";

/**
 * Our own process for a case.
 *
 * @param {Case} shape
 * @param {{ node: string, threads: number, engineOptions: Record<string, unknown> }} options
 * @returns {Contender}
 */
export function ourselves(shape, { node, threads, engineOptions }) {
  return {
    peer: "hiddenstate",
    command: node,
    args: [here("ours.js"), shape.name, JSON.stringify(engineOptions)],
    phases: shape.cell === "transformer" ? transformerPhases : allPhases,
    threads,
    node,
  };
}

/**
 * Someone else's library, as the bench knows it.
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {boolean} runsOnNode
 * @property {() => boolean} isInstalled
 * @property {(shape: Case, threads: number, node: string) => Contender | null} contender null: not in this case
 */

/** @type {readonly Peer[]} */
export const peers = [
  {
    name: "pytorch",
    runsOnNode: false,
    isInstalled: () => spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0,
    contender: (shape, threads) => ({
      peer: "pytorch",
      command: python,
      args: [here("peers/pytorch.py"), shape.name, String(threads), JSON.stringify(shape.lengths)],
      phases: shape.cell === "transformer" ? transformerPhases : commonPhases,
      threads,
      node: null,
    }),
  },
  nodePeer("tfjs-wasm", "tfjs.js", ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"], {
    phases: ["train"],
    // A step of the larger cases takes it a minute.
    takesPart: ({ hidden, vocabulary, lengths }, threads) =>
      threads === 1 && hidden <= 256 && vocabulary <= 256 && !lengths,
  }),
  nodePeer("tfjs-cpu", "tfjs.js", ["@tensorflow/tfjs"], {
    phases: ["train"],
    takesPart: ({ hidden, vocabulary, lengths }, threads) =>
      threads === 1 && hidden <= 128 && vocabulary <= 256 && !lengths,
  }),
  nodePeer("onnxruntime-node", "onnxruntime.js", ["onnxruntime-node"], {
    phases: ["streamRecurrent", "forward"],
    takesPart: ({ lengths }) => !lengths,
  }),
  nodePeer("onnxruntime-web", "onnxruntime.js", ["onnxruntime-web"], {
    phases: ["streamRecurrent", "forward"],
    takesPart: ({ lengths }, threads) => threads === 1 && !lengths,
  }),
  nodePeer("brain.js", "brain.js", ["brain.js"], {
    phases: ["train"],
    takesPart: ({ cell, layers, hidden, lengths }, threads) =>
      threads === 1 && cell === "lstm" && layers === 1 && hidden <= 128 && !lengths,
  }),
];

/**
 * @param {string} name
 * @param {string} script in peers/
 * @param {readonly string[]} packages that it needs
 * @param {{ phases: Contender["phases"], takesPart: (shape: Case, threads: number) => boolean }} options
 * @returns {Peer}
 */
function nodePeer(name, script, packages, { phases, takesPart }) {
  return {
    name,
    runsOnNode: true,
    isInstalled: () => packages.every(isInstalled),
    contender: (shape, threads, node) =>
      shape.cell !== "transformer" && takesPart(shape, threads)
        ? {
            peer: name,
            command: node,
            args: [here(`peers/${script}`), shape.name, String(threads), name],
            env: { HIDDENSTATE_PEERS: peersFolder },
            phases,
            threads,
            node,
          }
        : null,
  };
}

/** @param {string} name of an npm package */
function isInstalled(name) {
  const folders = createRequire(path.join(peersFolder, "package.json")).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(path.join(folder, name, "package.json")));
}
