// A small language model, trained the same way wherever this runs: in the page, in the worker, in Node.
import { type LanguageModelTraining, MemoryStorage, type TextModel, trainLanguageModel } from "@hiddenstate/core";

/** The beginning of Alice's Adventures in Wonderland (Lewis Carroll, 1865). */
export const text: string = `Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do:
once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it,
"and what is the use of a book," thought Alice, "without pictures or conversations?"

So she was considering in her own mind (as well as she could, for the hot day made her feel very sleepy and stupid),
whether the pleasure of making a daisy-chain would be worth the trouble of getting up and picking the daisies, when
suddenly a White Rabbit with pink eyes ran close by her.

There was nothing so very remarkable in that; nor did Alice think it so very much out of the way to hear the Rabbit say
to itself, "Oh dear! Oh dear! I shall be late!"
`;

const options: LanguageModelTraining = {
  cell: "lstm",
  hidden: 48,
  layers: 2,
  dropout: 0.2,
  steps: 10,
  batch: 4,
  bptt: 20,
  lr: 0.01,
  logEvery: 1,
  seed: 3,
};

/** Ten steps, unless told otherwise; the losses, and the model with the bytes it was saved as. */
export async function trainTenSteps(
  other: LanguageModelTraining = {},
): Promise<{ losses: number[]; model: TextModel; saved: Uint8Array }> {
  const storage = new MemoryStorage();
  const run = trainLanguageModel({ training: text }, { ...options, ...other }, { storage });
  const losses: number[] = [];
  let event = await run.next();
  for (; !event.done; event = await run.next()) {
    if (event.value.type === "step") losses.push(event.value.loss);
  }
  return { losses, model: event.value, saved: storage.files.get("model.safetensors")! };
}
