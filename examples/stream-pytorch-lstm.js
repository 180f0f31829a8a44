// Takes the state dict of an LSTM that was trained in PyTorch and streams it here, one step at a time.
//
// In Python, with torch and the package safetensors:
//   save_file(lstm.state_dict(), "pytorch-lstm.safetensors")          # lstm = torch.nn.LSTM(8, 16, num_layers=2)
//
// Here: npm ci && npm run build && node examples/stream-pytorch-lstm.js
import { readFile } from "node:fs/promises";
import { engine, loadSafetensors, LSTM, tensor } from "@hiddenstate/core";

const fixtures = new URL("../fixtures/", import.meta.url);

await engine.init();
const lstm = new LSTM({ inputSize: 8, hiddenSize: 16, layers: 2 }).eval();
const { tensors } = loadSafetensors(await readFile(new URL("pytorch-lstm.safetensors", fixtures)));
lstm.loadStateDict(tensors);

// What PyTorch gave for the same input, to compare with: arrays of { shape, data }.
const { input, output: expected } = JSON.parse(await readFile(new URL("pytorch-lstm.json", fixtures), "utf8"));
const [steps, , width] = input.shape;

let state = lstm.zeroState(1);
let worst = 0;
for (let t = 0; t < steps; t++) {
  const x = tensor(input.data.slice(t * width, (t + 1) * width), [1, width]);
  const step = lstm.step(x, state);
  state = step.state;
  const output = await step.output.data();
  output.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - expected.data[t * output.length + i]))));
  console.log(`step ${t}: ${Array.from(output.subarray(0, 4), (value) => value.toFixed(6)).join("  ")}  ...`);
}
console.log(`largest difference from PyTorch over ${steps} steps: ${worst.toExponential(1)}`);
if (worst > 2e-6) process.exitCode = 1;
