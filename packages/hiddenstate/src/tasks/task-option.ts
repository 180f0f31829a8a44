/** A flag of `train` as data, so that tasks need not know what parses the command line. */
export interface TaskOption {
  /** Such as `"--hidden <size>"`. */
  flags: string;
  /** What it does and what holds without it, for the help. */
  about: string;
  /** The heading in the help that it stands under. */
  group: OptionGroup;
  /** The option of the library that it sets. Default: the flag in camel case. */
  name?: string;
  /**
   * What its value must be; of a list, of what it has, with commas between: levels are between 0 and 1, and may be given in percent. Default: any
   * text, or nothing for a flag without one.
   */
  value?: { choices: readonly string[] } | { range: NumberRange } | { list: "texts" | "numbers" | "levels" };
  /** What a flag without a value sets the option to. Default true. */
  sets?: boolean;
  /** Flags that must not stand beside it. */
  conflicts?: readonly string[];
}

/** What a number given on the command line must be. */
export interface NumberRange {
  /** Whole numbers only. */
  whole?: true;
  min?: number;
  above?: number;
  max?: number;
  below?: number;
}

/** The headings of the help of `train`, in their order. */
export const optionGroups = [
  "Model",
  "Cell",
  "Data",
  "Text",
  "Labels and numbers",
  "Pairs",
  "Tags",
  "Series",
  "Training",
] as const;

export type OptionGroup = (typeof optionGroups)[number];

/** The library's name of the option that a flag sets: `--weight-decay <rate>` is `weightDecay`. */
export function optionName({ flags, name }: TaskOption): string {
  const [, long = ""] = /--([\w-]+)/.exec(flags) ?? [];
  return name ?? long.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The flag itself: `--weight-decay`. */
export function flagOf({ flags }: TaskOption): string {
  return /--[\w-]+/.exec(flags)![0];
}
