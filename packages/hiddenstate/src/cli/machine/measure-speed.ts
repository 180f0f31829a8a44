import { engine, LSTM, matmul, mean, noGrad, tensor } from "@hiddenstate/core";

/** What a quick look at speed found. */
export interface Speed {
  /** 10^9 multiplications and additions a second in a matrix product, 512 x 512 x 512. */
  matrixGflops: number;
  /** The same in forward and backward passes of an LSTM layer, and the time steps that makes a second. */
  lstmGflops: number;
  lstmTokensPerSecond: number;
}

/** Measures for about `seconds`, with the engine as it runs. */
export function measureSpeed(seconds = 2): Speed {
  const matrixGflops = measureMatrix(seconds / 2);
  const { rate: lstmTokensPerSecond, flops } = measureLstm(seconds / 2);
  return { matrixGflops, lstmGflops: (lstmTokensPerSecond * flops) / 1e9, lstmTokensPerSecond };
}

function measureMatrix(seconds: number): number {
  const size = 512;
  return engine.scope(() => {
    const a = tensor(numbers(size * size), [size, size]);
    const b = tensor(numbers(size * size), [size, size]);
    const product = (): void => void engine.scope(() => noGrad(() => matmul(a, b)).dataSync());
    return (best(product, seconds) * 2 * size ** 3) / 1e9;
  });
}

function measureLstm(seconds: number): { rate: number; flops: number } {
  const [steps, batch, size] = [32, 32, 256];
  return engine.scope(() => {
    const lstm = new LSTM({ inputSize: size, hiddenSize: size });
    const x = tensor(numbers(steps * batch * size), [steps, batch, size]);
    const train = (): void =>
      engine.scope(() => {
        for (const parameter of lstm.parameters()) parameter.grad = null;
        const loss = mean(lstm.forward(x).output);
        loss.backward();
        loss.dataSync();
      });
    // Forward, gradient of the input and gradient of the weights: each 4 gates x (input + state) x size, twice.
    return { rate: best(train, seconds) * steps * batch, flops: 3 * 2 * 4 * (2 * size) * size };
  });
}

/** How often a second something can be done, of several tries the fastest: others use this machine too. */
function best(work: () => void, seconds: number): number {
  work();
  let fastest = Infinity;
  const start = performance.now();
  do {
    const before = performance.now();
    work();
    fastest = Math.min(fastest, performance.now() - before);
  } while (performance.now() - start < seconds * 1000);
  return 1000 / fastest;
}

function numbers(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i) / 8);
}
