import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * How to start a process that takes part in a case, and what it can be asked.
 *
 * @typedef {object} Contender
 * @property {string} peer such as `hiddenstate` or `pytorch`
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} [env] besides the environment as it is
 * @property {readonly import("./phases.js").Phase[]} phases
 * @property {number} threads
 * @property {string | null} node the Node binary it runs on; null: it is no Node program
 */

/**
 * A running process that takes part in a case.
 *
 * @typedef {object} Participant
 * @property {Contender} contender
 * @property {Record<string, unknown>} facts what it said of itself when it was ready
 * @property {(request: string) => Promise<Record<string, number>>} ask
 * @property {() => Promise<void>} close ends it and waits until it is gone
 */

/**
 * @param {Contender} contender
 * @returns {Promise<Participant>} once its model is made
 * @throws {ParticipantError} where it cannot, in its own words
 */
export async function start(contender) {
  const { peer, command, args, env } = contender;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
  // One in the middle of a sample would not notice for a minute that nobody asks any more.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => (errors = (errors + text).slice(-4000)));
  // Writing to a process that has ended: its end is what we report.
  child.stdin.on("error", () => {});
  /** @type {Promise<string>} */
  const end = new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}\n${errors}`.trim()));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function reply() {
    for (;;) {
      const next = await lines.next();
      if (next.done) throw new ParticipantError(`${peer}: ${await end}`);
      // Some libraries greet on standard output.
      if (!next.value.startsWith("{")) continue;
      const message = JSON.parse(next.value);
      if (message.error) throw new ParticipantError(`${peer}: ${message.error}`, message.code);
      return message;
    }
  }

  const { ready: _ready, ...facts } = await reply();
  return {
    contender,
    facts,
    ask(request) {
      child.stdin.write(`${request}\n`);
      return reply();
    },
    async close() {
      child.stdin.end();
      await end;
      process.off("exit", kill);
    },
  };
}

export class ParticipantError extends Error {
  /**
   * @param {string} message
   * @param {string} [code] of a HiddenstateError
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}
