// A trained language model in a web page: it reads what is typed, one step for each character, and says what it expects next.
//
// The folder that `hiddenstate train` wrote is served beside the page, as `model/`. Nothing else is needed: the kernels are WebAssembly.
import { engine, FetchStorage, loadTextModel } from "@hiddenstate/core";

const status = document.querySelector<HTMLParagraphElement>("#status")!;
const text = document.querySelector<HTMLTextAreaElement>("textarea")!;
const button = document.querySelector<HTMLButtonElement>("button")!;
const list = document.querySelector<HTMLOListElement>("ol")!;
const shownTokens = 8;

const { instructionSet } = await engine.init();
const model = await loadTextModel(new FetchStorage("model"));
let stream = model.stream();
let read = "";

/** Reads what was added; what was altered is read anew from its start. */
function follow(): void {
  if (!text.value.startsWith(read)) {
    stream = model.stream();
    read = "";
  }
  const added = text.value.slice(read.length);
  read = text.value;
  try {
    stream.push(added);
    status.textContent = `${read.length} characters read`;
  } catch (error) {
    // A character that the model never saw: it says so.
    status.textContent = String(error);
  }
  showExpected();
}

/** The softmax of the logits, and of it the largest. */
function showExpected(): void {
  const { logits } = stream;
  if (!logits) {
    list.replaceChildren();
    return;
  }
  const largest = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const likely = [...weights.keys()].toSorted((a, b) => weights[b] - weights[a]).slice(0, shownTokens);
  list.replaceChildren(...likely.map((id) => row(model.tokenizer.decode([id]), weights[id] / total)));
}

function row(token: string, probability: number): HTMLLIElement {
  const item = document.createElement("li");
  const parts = ["span", "i", "b"].map((name) => item.appendChild(document.createElement(name)));
  parts[0].textContent = token === " " ? "space" : JSON.stringify(token).slice(1, -1);
  parts[1].style.width = `${100 * probability}%`;
  parts[2].textContent = `${(100 * probability).toFixed(1)} %`;
  return item;
}

/** Draws 80 tokens, one a frame, so that the page stays alive. */
async function writeOn(): Promise<void> {
  button.disabled = true;
  for (let i = 0; i < 80 && stream.logits; i++) {
    text.value += model.tokenizer.decode([stream.draw({ temperature: 0.7 })]);
    read = text.value;
    showExpected();
    await new Promise(requestAnimationFrame);
  }
  button.disabled = false;
}

text.addEventListener("input", follow);
button.addEventListener("click", writeOn);
text.disabled = button.disabled = false;
text.focus();
status.textContent = `${model.parameterCount.toLocaleString("en")} parameters, ${instructionSet}: type something.`;
