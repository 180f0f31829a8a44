export * from "@hiddenstate/core";
export type { EngineChoice } from "./engine.ts";
export { FolderStorage } from "./files/folder-storage.ts";
export { loadEigenvalues } from "./inspect/load-eigenvalues.ts";
export { load } from "./load.ts";
export type { TrainingTexts, TrainOptions } from "./train-options.ts";
export { train } from "./train.ts";
