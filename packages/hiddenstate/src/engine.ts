import { type EngineInfo, type EngineOptions, engine, HiddenstateError } from "@hiddenstate/core";

/** What computes, where a program did not start the engine itself. */
export type EngineChoice = Pick<EngineOptions, "backend" | "instructionSet" | "threads">;

/**
 * Starts the engine, or leaves it as the program has started it.
 *
 * @throws HiddenstateError `mismatch` if it runs already and something else is asked for
 */
export async function startEngine({ backend, instructionSet, threads }: EngineChoice = {}): Promise<EngineInfo> {
  const running = runningEngine();
  if (!running) return engine.init({ backend, instructionSet, threads });
  const fits =
    (backend === undefined || backend === "auto" || backend === running.backend) &&
    (instructionSet === undefined || instructionSet === running.instructionSet);
  if (!fits)
    throw new HiddenstateError(
      "mismatch",
      `engine: mismatch in backend: ${running.backend} (${running.instructionSet}) runs already, ` +
        `${[backend, instructionSet].filter(Boolean).join(" ")} was asked for; pass it to engine.init, or leave it out`,
    );
  if (typeof threads === "number" && threads !== running.threads)
    throw new HiddenstateError(
      "mismatch",
      `engine: mismatch in threads: the engine runs already with ${running.threads}, ${threads} were asked for; ` +
        "pass them to engine.init, or leave them out",
    );
  return running;
}

function runningEngine(): EngineInfo | undefined {
  try {
    return engine.info();
  } catch {
    return undefined;
  }
}
