// What do an RNN, an LSTM and a GRU remember before they have learned anything? How far gradients reach, how fast small differences of the
// state die, and how long gates keep what they hold, on the same random inputs.
//
//   npm ci && npm run build && node examples/inspect-memory.js
import {
  engine,
  gateStatistics,
  gradientFlow,
  GRU,
  LSTM,
  lyapunovExponents,
  memoryHorizon,
  RNN,
} from "@hiddenstate/core";
import { Random, randomKey, recurrentMatrices, slice, sum, tensor } from "@hiddenstate/core";
import { loadEigenvalues } from "hiddenstate";

const [steps, batch, inputSize, hiddenSize] = [200, 16, 4, 32];
const random = new Random(randomKey(0, "inputs"));

await engine.init({ seed: 0 });
const numbers = Float32Array.from({ length: steps * batch * inputSize }, () => random.normal());
const x = tensor(numbers, [steps, batch, inputSize]);
const one = tensor(numbers.slice(0, steps * inputSize), [steps, 1, inputSize]);
const eigenvalues = await loadEigenvalues(); // core has no routine of its own: it takes one

const sizes = { inputSize, hiddenSize };
for (const network of [new RNN(sizes), new LSTM(sizes), new GRU(sizes)]) {
  const { kind } = network.cell;
  // The loss of the last step alone: its gradient with respect to every state before, for all rows at once.
  const loss = () => sum(slice(network.forward(x).output, { start: -1 }));
  const { hidden, cell } = gradientFlow(network, [{ loss }], { lags: steps - 1 }).layers[0];
  const reach = memoryHorizon(cell ?? hidden).steps;
  const radii = recurrentMatrices(network, eigenvalues).map(
    ({ gate, spectralRadius }) => `${gate} ${spectralRadius.toFixed(2)}`,
  );
  const { exponents, errors } = lyapunovExponents(network, one);
  console.log(`${kind}: the gradient${cell ? " along c" : ""} reaches ${reach} steps back, until it is a hundredth`);
  console.log(`  spectral radii: ${radii.join(", ")}`);
  console.log(`  Lyapunov exponent ${exponents[0].toFixed(3)} ± ${errors[0].toFixed(3)} nats per step`);

  const { timeConstants } = gateStatistics(network, [() => void network.forward(x)]).layers[0];
  if (timeConstants) console.log(`  its longest memory keeps for ${Math.max(...timeConstants).toFixed(1)} steps`);
}
