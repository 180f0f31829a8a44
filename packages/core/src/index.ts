/** The version of this library. */
export const version = "0.1.0";

export { engine, type Backend, type EngineInfo, type EngineOptions } from "./engine.ts";
export { HiddenstateError, type ErrorCode } from "./errors.ts";
export { Tensor, tensor, zeros, ones, full, type DType } from "./memory/tensor.ts";
export { Random, randomKey, threefry2x32, type WordPair } from "./memory/random.ts";

export { noGrad } from "./autograd/tape.ts";
export { add, div, mul, sub } from "./autograd/ops/binary.ts";
export { concat } from "./autograd/ops/concat.ts";
export { crossEntropy, type CrossEntropyOptions } from "./autograd/ops/cross-entropy.ts";
export { matmul } from "./autograd/ops/matmul.ts";
export { mean, sum, type ReduceOptions } from "./autograd/ops/reduce.ts";
export { reshape } from "./autograd/ops/reshape.ts";
export { slice, type SliceOptions } from "./autograd/ops/slice.ts";
export { logSoftmax, softmax } from "./autograd/ops/softmax.ts";
export { transpose } from "./autograd/ops/transpose.ts";
export { exp, log, relu, sigmoid, tanh } from "./autograd/ops/unary.ts";

export { Module, type ModuleOptions } from "./nn/module.ts";
export { Dropout, type DropoutOptions } from "./nn/dropout.ts";
export { Embedding, type EmbeddingOptions } from "./nn/embedding.ts";
export { GRU, type GRUOptions } from "./nn/gru.ts";
export { Linear, type LinearOptions } from "./nn/linear.ts";
export { LSTM, type LSTMState } from "./nn/lstm.ts";
export { RNN, type HiddenState, type RNNOptions } from "./nn/rnn.ts";
export { type ForwardOptions, type RecurrentOptions, type RecurrentState } from "./nn/recurrent.ts";
