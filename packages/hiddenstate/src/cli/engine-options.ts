import type { Option } from "commander";
import { choiceOption } from "./choice-option.ts";

/** The options of every command that computes. */
export const engineOptions = (): Option[] => [
  choiceOption("--backend <name>", "what computes (default: auto)", ["auto", "wasm", "reference"]),
  choiceOption("--instruction-set <name>", "of the wasm backend (default: the best here)", ["relaxed", "simd128"]),
];
