// A small Transformer by hand: it learns to remember, and streams with the keys and values of the last steps as its state.
//
//   npm ci && npm run build && node examples/transformer-by-hand.js
//
// Each step shows a letter; wanted is the letter that was shown `lag` steps before. An LSTM must carry all of them along; attention looks back.
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  Embedding,
  engine,
  Linear,
  noGrad,
  Random,
  randomKey,
  tensor,
  Transformer,
} from "@hiddenstate/core";

await engine.init({ seed: 0 });
const [letters, lag, steps, batch, hiddenSize] = [8, 12, 32, 32, 32];

const embedding = new Embedding({ vocabularySize: letters, embeddingSize: hiddenSize });
// No step sees more than 16 steps back, so a stream remembers no more, however long it runs.
const transformer = new Transformer({ inputSize: hiddenSize, hiddenSize, layers: 2, heads: 4, positions: 16 });
const output = new Linear({ inputSize: hiddenSize, outputSize: letters });
const parameters = [embedding, transformer, output].flatMap((part) => part.parameters());
const adam = new Adam(parameters, { lr: 3e-3 });

const random = new Random(randomKey(0, "letters"));
for (let step = 1; step <= 400; step++) {
  const loss = engine.scope(() => {
    const ids = Int32Array.from({ length: steps * batch }, () => random.integer(letters));
    const wanted = ids.map((_, i) => (i < lag * batch ? -100 : ids[i - lag * batch]));
    adam.zeroGrad();
    const x = embedding.forward(tensor(ids, [steps, batch], { dtype: "int32" }));
    const mean = crossEntropy(output.forward(transformer.forward(x).output), wanted, { ignoreIndex: -100 });
    mean.backward();
    clipGradNorm(parameters, 1);
    adam.step();
    return mean;
  });
  if (step % 100 === 0) console.log(`step ${step}: loss ${(await loss.item()).toFixed(4)} nats`);
}

// The same network, one step at a time: its bits are those of the whole sequence.
const shown = Array.from({ length: 300 }, () => random.integer(letters));
const stream = transformer.stream();
/** @type {number[]} */
const streamed = [];
/** @type {number[]} */
const sizes = [];
let right = 0;
for (const [t, letter] of shown.entries()) {
  const vector = noGrad(() => embedding.forward([letter])).dataSync();
  const seen = Float32Array.from(stream.push(vector));
  streamed.push(...seen);
  const scores = noGrad(() => output.forward(tensor(seen, [1, hiddenSize]))).dataSync();
  if (t >= lag && scores.indexOf(Math.max(...scores)) === shown[t - lag]) right++;
  sizes.push(stream.state().h.length);
}
const whole = noGrad(() => transformer.forward(embedding.forward(shown, [shown.length, 1])).output).dataSync();
const same = whole.every((value, i) => Object.is(value, streamed[i]));
console.log(`${right} of ${shown.length - lag} letters remembered`);
console.log(`stream and whole sequence: ${same ? "the same bits" : "different"}`);
console.log(
  `numbers in the state after 1, 8, 15 and 300 steps: ${[1, 8, 15, 300].map((t) => sizes[t - 1]).join(", ")}`,
);
