import { engine, mul, Random, randomKey, RNN, sum, type Tensor, tensor, zeros } from "@hiddenstate/core";
import { norm } from "../../statistics.ts";

/**
 * How far the gradients of 20 time steps, each with its own copy of the weights, are from the gradient of the weights that
 * all steps share, once added up: |sum - gradient| / |gradient|.
 */
export function sumOverSteps(seed: number): number {
  const [steps, batch, width] = [20, 4, 16];
  const random = new Random(randomKey(seed, "lab", "truncation.sum"));
  const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  engine.setSeed(seed);
  // The same name draws the same weights.
  const copies = Array.from({ length: steps }, () => new RNN({ inputSize: width, hiddenSize: width, name: "lab.sum" }));
  const shared = new RNN({ inputSize: width, hiddenSize: width, name: "lab.sum" });
  const xs = Array.from({ length: steps }, () => normal(batch * width));
  const direction = normal(batch * width);
  const run = (network: (step: number) => RNN): void =>
    engine.scope(() => {
      let state: { h: Tensor } = { h: zeros([1, batch, width]) };
      for (let t = 0; t < steps; t++) ({ state } = network(t).step(tensor(xs[t], [batch, width]), state));
      sum(mul(state.h, tensor(direction, [1, batch, width]))).backward();
    });
  run((t) => copies[t]);
  run(() => shared);
  const gradient = (network: RNN): Float32Array => network.stateDict().get("weight_hh_l0")!.grad!.dataSync();
  const whole = gradient(shared);
  const added = new Float64Array(whole.length);
  for (const copy of copies) gradient(copy).forEach((value, i) => (added[i] += value));
  return norm(added.map((value, i) => value - whole[i])) / norm(whole);
}
