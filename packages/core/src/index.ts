export { version } from "./version.ts";

export { engine, type EngineInfo, type EngineOptions } from "./engine.ts";
export type { Backend, ConsideredKernels, InstructionSet } from "./kernels/choose.ts";
export { HiddenstateError, type ErrorCode } from "./errors.ts";
export { Tensor, tensor, zeros, ones, full, type DType } from "./memory/tensor.ts";
export { Random, randomKey } from "./memory/random.ts";
export { threefry2x32, type WordPair } from "./kernels/threefry.ts";

export { noGrad } from "./autograd/tape.ts";
export { add, div, mul, sub } from "./autograd/ops/binary.ts";
export { concat } from "./autograd/ops/concat.ts";
export { crossEntropy, type CrossEntropyOptions } from "./autograd/ops/cross-entropy.ts";
export { layerNorm } from "./autograd/ops/layer-norm.ts";
export { matmul } from "./autograd/ops/matmul.ts";
export { mean, sum, type ReduceOptions } from "./autograd/ops/reduce.ts";
export { huberLoss, meanSquaredError, type HuberOptions } from "./autograd/ops/regression-loss.ts";
export { reshape } from "./autograd/ops/reshape.ts";
export { slice, type SliceOptions } from "./autograd/ops/slice.ts";
export { logGamma } from "./autograd/ops/log-gamma.ts";
export { logSoftmax, softmax } from "./autograd/ops/softmax.ts";
export { abs, softplus } from "./autograd/ops/softplus.ts";
export { transpose } from "./autograd/ops/transpose.ts";
export { exp, gelu, log, relu, sigmoid, tanh } from "./autograd/ops/unary.ts";

export { Module, type ModuleOptions } from "./nn/module.ts";
export { AttentionPooling, type AttentionPoolingOptions } from "./nn/attention-pooling.ts";
export { type CellOptions, cellOptionTable, type CellColumn } from "./nn/cell-options.ts";
export { type CellChoice, type CellKind, cellKinds, recurrentKinds, usualPositions } from "./nn/cell-choice.ts";
export { CRF, type CRFInput, type CRFOptions } from "./nn/crf.ts";
export { Dropout, type DropoutOptions } from "./nn/dropout.ts";
export { Embedding, type EmbeddingOptions } from "./nn/embedding.ts";
export {
  type Attention,
  type AttentionMemory,
  GlobalAttention,
  type GlobalAttentionOptions,
} from "./nn/global-attention.ts";
export { GRU, type GRUOptions } from "./nn/gru.ts";
export { LayerNorm, type LayerNormOptions } from "./nn/layer-norm.ts";
export { Linear, type LinearOptions } from "./nn/linear.ts";
export { LSTM, type LSTMState } from "./nn/lstm.ts";
export { MinGRU } from "./nn/min-gru.ts";
export { MinLSTM } from "./nn/min-lstm.ts";
export { lastState, maxOverTime, meanOverTime } from "./nn/pooling.ts";
export {
  Recurrence,
  type CellFunction,
  type CellState,
  type RecurrenceForwardOptions,
  type RecurrenceOptions,
} from "./nn/recurrence.ts";
export { RNN, type HiddenState, type RNNOptions } from "./nn/rnn.ts";
export { type SequencePool, type SequenceStream } from "./stream/sequence-stream.ts";
export { type TransformerState } from "./nn/attention-cache.ts";
export { Transformer, type TransformerForwardOptions, type TransformerOptions } from "./nn/transformer.ts";
export type { ForwardOptions, RecurrentOptions, RecurrentState } from "./nn/recurrent-options.ts";
export { viterbi, type PathScores, type TagConstraints } from "./nn/viterbi.ts";

export { RecurrenceStream } from "./stream/recurrence-stream.ts";
export { RecurrentStream, type StreamOptions } from "./stream/recurrent-stream.ts";
export type { StreamState } from "./stream/sequence-stream.ts";
export { type PoolOptions, StreamPool } from "./stream/stream-pool.ts";
export type { LayerStack, Step, StreamWeights } from "./stream/step.ts";

export { Adam, AdamW, type AdamOptions } from "./optim/adam.ts";
export { AveragedParameters } from "./optim/averaged-parameters.ts";
export { clipGradNorm, clipGradNormPerParameter, clipGradValue } from "./optim/clip.ts";
export { Optimizer, type OptimizerState, type ParameterGroup, type Parameters } from "./optim/optimizer.ts";
export {
  constantSchedule,
  cosineSchedule,
  PlateauSchedule,
  stepSchedule,
  type ConstantOptions,
  type CosineOptions,
  type PlateauOptions,
  type PlateauState,
  type Schedule,
  type ScheduleState,
  type StepOptions,
} from "./optim/schedule.ts";
export { SGD, type SGDOptions } from "./optim/sgd.ts";

export type {
  TokenDecoder,
  TokenEncoder,
  Tokenizer,
  TokenizerJSON,
  TokenizerKind,
  VocabularyBuilder,
} from "./data/tokenizer.ts";
export { buildTokenizer, tokenizerFromJSON, vocabularyBuilder } from "./data/make-tokenizer.ts";
export type { TokenSource } from "./data/token-source.ts";
export { evaluationWindows, ignoredTarget, TextWindows, type TextWindow, type WindowOptions } from "./data/windows.ts";
export {
  evaluationBatches,
  ExampleBatches,
  paddedShare,
  type EvaluationBatchOptions,
  type ExampleBatch,
  type ExampleBatchOptions,
} from "./data/example-batches.ts";
export { holdOut, type HeldOut, type HeldOutOptions, type SplitKeys, splitSeedOf } from "./data/held-out.ts";
export { padRows, padTokens, type Padded } from "./data/padding.ts";
export { type CalendarCycle, calendarCycles } from "./data/series/calendar.ts";
export { parseDate, showDate } from "./data/series/dates.ts";
export { detectFrequency } from "./data/series/detect-frequency.ts";
export { dateAfter, type Frequency, showFrequency } from "./data/series/frequency.ts";
export { type RegularSeries, regularSeries } from "./data/series/regular-series.ts";
export type { DateRepairs, Series } from "./data/series/series.ts";
export {
  type CountedRows,
  type SeriesColumns,
  seriesFromRows,
  type SeriesRow,
} from "./data/series/series-from-rows.ts";
export { detectScheme, tagConstraints, type TagScheme } from "./tasks/tagging/tag-scheme.ts";

export { bleu, bleuTokens, type BleuScore } from "./metrics/bleu.ts";
export { chunkScores, chunksOf, type Chunk, type ChunkScore, type ChunkScores } from "./metrics/chunks.ts";
export {
  classificationScores,
  confusionMatrix,
  majorityBaseline,
  type ClassificationScores,
  type ClassScore,
  type ConfusionMatrix,
  type MajorityBaseline,
} from "./metrics/classification.ts";
export { quantile } from "./metrics/quantile.ts";
export { meanBaseline, regressionScores, type RegressionScores } from "./metrics/regression.ts";
export {
  intervalCoverage,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  naiveScale,
  pinball,
  rootMeanSquaredError,
  symmetricPercentageError,
  weightedQuantileLoss,
} from "./metrics/forecast.ts";
export {
  taggingScores,
  tagsByMajority,
  wordMajorities,
  type TaggingScores,
  type WordMajorities,
} from "./metrics/tagging.ts";

export {
  followUnit,
  signalNames,
  tellingUnit,
  type FollowedStretch,
  type FollowedUnit,
  type UnitChoice,
} from "./inspect/follow-units.ts";
export {
  gateStatistics,
  GateMeter,
  type GateStatistics,
  type GateSummary,
  type LayerGates,
} from "./inspect/gate-statistics.ts";
export {
  gradientFlow,
  GradientFlowMeter,
  type GradientFlow,
  type GradientFlowRun,
  type LayerFlow,
} from "./inspect/gradient-flow.ts";
export {
  inspection,
  type InspectionOptions,
  type InspectionProgress,
  type InspectionReport,
  type LayerHorizon,
  type Stability,
} from "./inspect/inspection.ts";
export { lyapunovExponents, type LyapunovExponents, type LyapunovOptions } from "./inspect/lyapunov.ts";
export { horizonShare, memoryHorizon, type MemoryHorizon } from "./inspect/memory-horizon.ts";
export { gateNames, observe, type AnyRecurrentNetwork, type Numbers, type ObservedLayer } from "./inspect/observe.ts";
export {
  hasRecurrentMatrices,
  recurrentMatrices,
  spectralNorm,
  spectralRadius,
  type EigenvalueRoutine,
  type Eigenvalues,
  type RecurrentMatrix,
} from "./inspect/recurrent-matrix.ts";

export { recurrentPart } from "./inspect/recurrent-part.ts";
export type { InspectionSubject, Reading, Without } from "./inspect/subject.ts";
export { ClassifierSubject } from "./inspect/classifier-subject.ts";
export { ForecastSubject } from "./inspect/forecast-subject.ts";
export { TaggerSubject } from "./inspect/tagger-subject.ts";
export { TextSubject } from "./inspect/text-subject.ts";
export { trainingRecord, type Distribution, type TrainingRecord } from "./inspect/training-record.ts";
export {
  doublings,
  perplexityTolerance,
  useOfThePast,
  type CutContext,
  type UseOfThePast,
  type UseOfThePastOptions,
} from "./inspect/use-of-the-past.ts";
export { adviseWindow, type WindowAdvice, type WindowEvidence } from "./inspect/window-advice.ts";

export { loadSafetensors, saveSafetensors, type NamedTensors } from "./io/safetensors.ts";
export { FetchStorage } from "./io/fetch-storage.ts";
export { MemoryStorage, type ModelStorage, type ReadableStorage } from "./io/model-storage.ts";

export {
  LanguageModel,
  type LanguageModelArchitecture,
  type LanguageModelOptions,
} from "./tasks/language-modelling/language-model.ts";
export { sample, type SamplingOptions } from "./tasks/sampling.ts";
export type { TrainingRunOptions } from "./tasks/training-run-options.ts";
export {
  loadTextModel,
  TextModel,
  type GenerateOptions,
  type TextEvaluation,
  type TextModelConfig,
  type TextStreamOptions,
} from "./tasks/language-modelling/text-model.ts";
export { TextStream, type TextStreamState } from "./tasks/language-modelling/text-stream.ts";
export { calibrationPath, type OddnessOptions } from "./tasks/watching/oddness.ts";
export type { SurprisalCalibration } from "./tasks/watching/surprisal-calibration.ts";
export { TextWatch, type TextWatchState, type WatchedLine, type WatchedToken } from "./tasks/watching/text-watch.ts";
export { trainLanguageModel, type LanguageModelTraining } from "./tasks/language-modelling/train-language-model.ts";
export type {
  ExternalText,
  ExternalTokens,
  TextData,
  TextSource,
  TokenRequest,
} from "./tasks/language-modelling/text-data.ts";
export {
  splitExamples,
  type ClassificationData,
  type SequenceExample,
  type TargetConfig,
  type TargetKind,
} from "./tasks/classification/classification-data.ts";
export type { ClassEvaluation, NumberEvaluation } from "./tasks/classification/classifier-evaluation.ts";
export {
  ClassifierModel,
  loadClassifier,
  type ClassifierConfig,
  type ClassPrediction,
  type NumberPrediction,
} from "./tasks/classification/classifier-model.ts";
export {
  SequenceClassifier,
  type ClassifierArchitecture,
  type SequenceClassifierOptions,
} from "./tasks/classification/sequence-classifier.ts";
export type { InputConfig, SequenceInput } from "./tasks/sequence-encoder.ts";
export { trainClassifier, type ClassifierTraining } from "./tasks/classification/train-classifier.ts";
export {
  SequenceTagger,
  type SequenceTaggerOptions,
  type TaggerArchitecture,
} from "./tasks/tagging/sequence-tagger.ts";
export { SpellingTable, TagVocabulary, type Spelling, type VocabularyConfig } from "./tasks/tagging/tag-vocabulary.ts";
export { loadTagger, TaggerModel, type TaggerConfig } from "./tasks/tagging/tagger-model.ts";
export type { SentenceTags } from "./tasks/tagging/tagger-evaluation.ts";
export type { TaggerEvaluation } from "./tasks/tagging/tagger-scores.ts";
export { splitSentences, type TaggedSentence, type TaggingData } from "./tasks/tagging/tagging-data.ts";
export { haveChunks } from "./tasks/tagging/tagger-scores.ts";
export { wordBatch, type WordBatch } from "./tasks/tagging/word-batch.ts";
export { trainTagger, type TaggerRunOptions, type TaggerTraining } from "./tasks/tagging/train-tagger.ts";
export type { BacktestForecast, BacktestResult, ForecastInterval } from "./tasks/forecasting/backtest.ts";
export type { Calibration } from "./tasks/forecasting/calibration.ts";
export type { ForecasterConfig, TrainedSeries } from "./tasks/forecasting/forecaster-config.ts";
export {
  ForecasterModel,
  loadForecaster,
  type BacktestOptions,
  type Forecast,
  type ForecastOptions,
} from "./tasks/forecasting/forecaster-model.ts";
export type { ForecasterArchitecture } from "./tasks/forecasting/forecaster.ts";
export type { ForecastScores } from "./tasks/forecasting/forecast-scores.ts";
export {
  ForecastStream,
  type ForecastStreamOptions,
  type ForecastStreamState,
  type StreamRow,
  type WatchedValue,
} from "./tasks/forecasting/forecast-stream.ts";
export { headKinds, type HeadKind } from "./tasks/forecasting/heads/make-head.ts";
export type { PointLoss } from "./tasks/forecasting/heads/point.ts";
export { leastSquares } from "./tasks/forecasting/least-squares.ts";
export type { Difference, Preprocessing } from "./tasks/forecasting/preprocessing.ts";
export { trainForecaster, type ForecasterTraining } from "./tasks/forecasting/train-forecaster.ts";
export { splitPairs, type TranslationData, type TranslationPair } from "./tasks/translation/pair-data.ts";
export {
  SequenceTranslator,
  type SequenceTranslatorOptions,
  type TranslatorArchitecture,
} from "./tasks/translation/sequence-translator.ts";
export { trainTranslator, type TranslatorTraining } from "./tasks/translation/train-translator.ts";
export type { ExposureBias, TranslatorEvaluation } from "./tasks/translation/translator-evaluation.ts";
export {
  type AttentionMatrix,
  loadTranslator,
  type TranslateOptions,
  type Translation,
  TranslatorModel,
  type TranslatorConfig,
} from "./tasks/translation/translator-model.ts";
export type * from "./train/events.ts";
export type { DataSource } from "./train/recorded-training.ts";
export { parseSamplingSchedule, samplingRate, type SamplingSchedule } from "./train/sampling-schedule.ts";
export type { TrainingOptions } from "./train/training-loop.ts";
export { loadConfig } from "./io/model-files.ts";
