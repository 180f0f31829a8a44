import type { Option } from "commander";
import { choiceOption } from "./choice-option.ts";
import { threadsOption } from "./threads-option.ts";

/** The options of every command that computes. */
export const engineOptions = (): Option[] => [
  choiceOption("--backend <name>", "what computes (default: auto)", ["auto", "native", "wasm", "reference"]),
  choiceOption("--instruction-set <name>", "of the kernels (default: the best here)", [
    "avx512",
    "avx2",
    "neon",
    "relaxed",
    "simd128",
  ]),
  threadsOption(),
];
