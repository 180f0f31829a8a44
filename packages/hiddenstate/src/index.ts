export * from "@hiddenstate/core";
export type { EngineChoice } from "./engine.ts";
export { FolderStorage } from "./files/folder-storage.ts";
export { loadEigenvalues } from "./inspect/load-eigenvalues.ts";
export { load, type LoadOptions } from "./load.ts";
export type { TrainingTexts } from "./tasks/language-model.ts";
export type { ModelOf, TaskName } from "./tasks/tasks.ts";
export type { RunOptions, TaskOptions, TrainOptions, UntoldOptions } from "./train-options.ts";
export { train } from "./train.ts";
