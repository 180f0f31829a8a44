import { HiddenstateError } from "../errors.ts";
import { cellOfOption } from "../nn/cell-choice.ts";

/** Options that act together with a value of another one only, and that value's default. */
const dependent: readonly { option: IdleOption; needs: Need; value: string; otherwise: string }[] = [
  { option: "momentum", needs: "optimizer", value: "sgd", otherwise: "adam" },
  { option: "warmup", needs: "schedule", value: "cosine", otherwise: "constant" },
  { option: "minimumCount", needs: "tokenizer", value: "word", otherwise: "character" },
  ...Object.entries(cellOfOption).map(([option, value]) => {
    return { option: option as IdleOption, needs: "cell" as const, value, otherwise: "lstm" };
  }),
];

type IdleOption = "momentum" | "warmup" | "minimumCount" | keyof typeof cellOfOption;
type Need = "optimizer" | "schedule" | "tokenizer" | "cell";

/**
 * Refuses options that would do nothing.
 *
 * @throws HiddenstateError `mismatch`, naming the option and what it needs
 */
export function refuseIdleOptions(options: {
  readonly [Name in IdleOption | Need]?: string | number | boolean | undefined;
}): void {
  for (const { option, needs, value, otherwise } of dependent) {
    const other = options[needs] ?? otherwise;
    if (options[option] === undefined || other === value) continue;
    throw new HiddenstateError(
      "mismatch",
      `train: mismatch in ${option}: it does nothing with ${needs} ${other}; leave it out, or use ${needs} ${value}`,
    );
  }
}

/**
 * Refuses options that do nothing with the data there is.
 *
 * @param given all options as they were given
 * @param names those that do nothing
 * @param data why, to stand after "with": `"numbers to read"`
 * @throws HiddenstateError `mismatch`, naming the first one
 */
export function refuseIdleWith<Options extends object>(
  given: Options,
  names: readonly (keyof Options & string)[],
  data: string,
): void {
  const idle = names.find((name) => given[name] !== undefined);
  if (idle === undefined) return;
  throw new HiddenstateError("mismatch", `train: mismatch in ${idle}: it does nothing with ${data}; leave it out`);
}
