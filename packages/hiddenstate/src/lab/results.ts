import { cpus, loadavg } from "node:os";
import { engine, version } from "@hiddenstate/core";
import { FolderStorage } from "../files/folder-storage.ts";
import type { Budget } from "./experiment.ts";

/** Where an experiment ran. */
export interface Machine {
  processor: string;
  cores: number;
  platform: string;
  node: string;
  backend: string;
  threads: number;
}

/** What an experiment left: all of its file NAME.json. */
export interface Result {
  experiment: string;
  budget: Budget;
  settings: object;
  seeds: readonly number[];
  /** The text that was read, by name. */
  text: string;
  version: string;
  machine: Machine;
  /** ISO 8601. */
  finishedAt: string;
  seconds: number;
  /** Seconds of processor time: where it is far less than `seconds`, other programs had the machine. */
  processorSeconds: number;
  /** Programs that wanted a processor, this one included, averaged over the last minute: before and after. */
  load: readonly [number, number];
  numbers: object;
}

/** What the engine runs on now. */
export function describeMachine(): Machine {
  const { backend, instructionSet, threads } = engine.info();
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    backend: `${backend} (${instructionSet})`,
    threads,
  };
}

/** Programs that want a processor now, averaged over a minute. */
export const currentLoad = (): number => Math.round(loadavg()[0] * 100) / 100;

/** What a result must have in common with what is asked for, so that the experiment need not run again. */
export type Wanted = Pick<Result, "settings" | "seeds" | "text">;

/** The results of a laboratory in a folder, a file for each experiment, replaced as a whole. */
export class ResultFolder {
  readonly path: string;
  readonly #storage: FolderStorage;

  constructor(path: string) {
    this.path = path;
    this.#storage = new FolderStorage(path);
  }

  /** @returns null if there is none, or it can't be read as one */
  async read(experiment: string): Promise<Result | null> {
    const bytes = await this.#storage.read(`${experiment}.json`);
    if (!bytes) return null;
    try {
      const result = JSON.parse(new TextDecoder().decode(bytes)) as Result;
      return result.experiment === experiment && typeof result.numbers === "object" ? result : null;
    } catch {
      return null;
    }
  }

  async write(result: Result): Promise<void> {
    await this.writeText(`${result.experiment}.json`, `${JSON.stringify(result, null, 1)}\n`);
  }

  async writeText(name: string, text: string): Promise<void> {
    await this.#storage.write(name, new TextEncoder().encode(text));
  }
}

/** Whether a result is of this version and of the same settings, seeds and text. */
export function answers(result: Result, wanted: Wanted): boolean {
  const key = ({ settings, seeds, text }: Wanted): string => JSON.stringify([settings, seeds, text]);
  return result.version === version && key(result) === key(wanted);
}

/** Numbers as they are kept: five significant digits, and null for what is not finite. */
export function asKept<N extends object>(numbers: N): N {
  return JSON.parse(
    JSON.stringify(numbers, (_, value: unknown) =>
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value,
    ),
  ) as N;
}
