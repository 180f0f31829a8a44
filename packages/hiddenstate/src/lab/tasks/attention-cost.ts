import { Adam, clipGradNorm, crossEntropy, engine, LanguageModel, Random, randomKey, tensor } from "@hiddenstate/core";
import { median } from "../../statistics.ts";
import { recallSymbols } from "./recall.ts";

/** What an LSTM and a Transformer are compared on. */
export interface AttentionSettings {
  hidden: number;
  layers: number;
  heads: number;
  batch: number;
  /** Most steps for each lag. */
  steps: number;
  learningRate: number;
  lags: readonly number[];
  /** Sequence lengths whose training is timed, each with so many tokens a step. */
  lengths: readonly number[];
  tokens: number;
  /** Contexts after which a streamed step is timed. */
  contexts: readonly number[];
  streamHidden: number;
}

export const attentionNetworks = ["lstm", "transformer"] as const;
export type AttentionNetwork = (typeof attentionNetworks)[number];

/** Tokens of delayed recall. */
export const attentionVocabulary: number = 2 * recallSymbols;

/** Tokens a second of processor time in training, by the length of the sequences. */
export interface TrainingSpeed {
  network: AttentionNetwork;
  length: number;
  tokensPerSecond: number;
}

/** A streamed step after so many: microseconds of processor time, and bytes of state. */
export interface StreamCost {
  network: AttentionNetwork;
  context: number;
  microseconds: number;
  stateBytes: number;
}

/** A model of one or the other; its name keys its random start. */
export function makeModel(
  network: AttentionNetwork,
  { layers, heads }: AttentionSettings,
  { hidden, positions }: { hidden: number; positions: number },
): LanguageModel {
  const seeing = network === "transformer" ? { heads, positions } : {};
  return new LanguageModel({
    vocabularySize: attentionVocabulary,
    cell: network,
    hidden,
    layers,
    dropout: 0,
    ...seeing,
    name: "lab.transformer",
  });
}

/** Processor time of some work, in microseconds. */
function microsecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Speed of training by length, LSTM and Transformer in turn. Yields now and then. */
export function* timeTraining(settings: AttentionSettings): Generator<void, TrainingSpeed[]> {
  const { streamHidden, lengths, tokens } = settings;
  const random = new Random(randomKey(0, "lab", "transformer.training"));
  const ids = Int32Array.from({ length: tokens }, () => random.integer(attentionVocabulary));
  const found: TrainingSpeed[] = [];
  for (const length of lengths) {
    const trainers = attentionNetworks.map((network) => {
      const model = makeModel(network, settings, { hidden: streamHidden, positions: length });
      const parameters = model.parameters();
      const adam = new Adam(parameters);
      return (): void =>
        engine.scope(() => {
          adam.zeroGrad();
          const { logits } = model.forward(tensor(ids, [length, tokens / length], { dtype: "int32" }));
          crossEntropy(logits, ids).backward();
          clipGradNorm(parameters, 1);
          adam.step();
        });
    });
    const times: number[][] = attentionNetworks.map(() => []);
    // The first round warms up.
    for (let round = -1; round < 5; round++) {
      for (const [i, step] of trainers.entries()) {
        const spent = microsecondsOf(step);
        if (round >= 0) times[i].push(spent);
        yield;
      }
    }
    for (const [i, network] of attentionNetworks.entries()) {
      found.push({ network, length, tokensPerSecond: (tokens * 1e6) / median(times[i]) });
    }
  }
  return found;
}

/**
 * Steps that are timed as one, how often (the fastest counts, as whatever else the machine does only adds), and steps before them that bring
 * weights and state back into the caches.
 */
const [block, rounds, warmUp] = [16, 7, 8];

/** Time of a streamed step by context, LSTM and Transformer in turn. Yields now and then. */
export function* timeStreams(settings: AttentionSettings): Generator<void, StreamCost[]> {
  const { streamHidden, contexts } = settings;
  const longest = Math.max(...contexts) + warmUp + block;
  const streams = attentionNetworks.map((network) =>
    makeModel(network, settings, { hidden: streamHidden, positions: longest }).eval().stream(),
  );
  const found: StreamCost[] = [];
  let read = 0;
  for (const context of contexts.toSorted((a, b) => a - b)) {
    for (; read < context; read++) {
      for (const stream of streams) stream.push([read % attentionVocabulary]);
      if (read % block === 0) yield;
    }
    const states = streams.map((stream) => stream.state());
    const fastest = attentionNetworks.map(() => Infinity);
    for (let round = 0; round < rounds; round++) {
      for (const [i, stream] of streams.entries()) {
        const push = (steps: number): void => {
          for (let step = 0; step < steps; step++) stream.push([step % attentionVocabulary]);
        };
        push(warmUp);
        const spent = microsecondsOf(() => push(block));
        fastest[i] = Math.min(fastest[i], spent / block);
        // Every round, and the way to the next context, starts from here.
        stream.restore(states[i]);
        yield;
      }
    }
    for (const [i, network] of attentionNetworks.entries()) {
      const { h, c = [] } = states[i];
      found.push({ network, context, microseconds: fastest[i], stateBytes: 4 * (h.length + c.length) });
    }
  }
  return found;
}
