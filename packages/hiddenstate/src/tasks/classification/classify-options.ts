import { embeddingOption, targetOption } from "../shared-options.ts";
import type { TaskOption } from "../task-option.ts";

/** The flags of `train` that name columns, and those of a classifier's network and loss. */
export const classifyOptions: readonly TaskOption[] = [
  {
    flags: "--text <column>",
    about: "the column with the text to read (default: found out)",
    group: "Labels and numbers",
  },
  {
    flags: "--label <column>",
    about: "the column with the label to learn (default: found out)",
    group: "Labels and numbers",
  },
  targetOption,
  {
    flags: "--group <column>",
    about: "the column that tells which rows are the steps of one sequence",
    group: "Labels and numbers",
  },
  {
    flags: "--inputs <columns>",
    about: "columns of numbers to read, with commas between: of each step with --group, else the steps themselves",
    group: "Labels and numbers",
    value: { list: "texts" },
  },
  {
    flags: "--token-dropout <share>",
    about: "of a text's tokens that are read as unknown ones while training (default: 0)",
    group: "Labels and numbers",
    value: { range: { min: 0, below: 1 } },
  },
  {
    flags: "--class-weights <how>",
    about: "how much each label counts: none, root, or balanced, as much as all others (default: none)",
    group: "Labels and numbers",
    value: { choices: ["none", "root", "balanced"] },
  },
  {
    flags: "--label-smoothing <share>",
    about: "of the target's weight that is spread over all labels (default: 0)",
    group: "Labels and numbers",
    value: { range: { min: 0, below: 1 } },
  },
  {
    flags: "--regression-loss <name>",
    about: "numbers: squared, or huber, which wild targets rule less (default: squared)",
    group: "Labels and numbers",
    value: { choices: ["squared", "huber"] },
  },
  {
    flags: "--pooling <how>",
    about: "how all steps become one vector: last, mean, max or attention (default: max)",
    group: "Labels and numbers",
    value: { choices: ["last", "mean", "max", "attention"] },
  },
  {
    flags: "--forward-only",
    name: "bidirectional",
    sets: false,
    about: "read sequences forwards only (default: in both directions)",
    group: "Labels and numbers",
  },
  embeddingOption,
];
