import { add, div, mul, sub } from "../src/autograd/ops/binary.ts";
import { layerNorm } from "../src/autograd/ops/layer-norm.ts";
import { linear } from "../src/autograd/ops/linear.ts";
import { slice } from "../src/autograd/ops/slice.ts";
import { reshape } from "../src/autograd/ops/reshape.ts";
import { sigmoid, tanh } from "../src/autograd/ops/unary.ts";
import { type Tensor, tensor } from "../src/memory/tensor.ts";
import type { CellFunction, CellState } from "../src/nn/recurrence.ts";
import type { RecurrentColumn } from "./cell-combinations.ts";

/**
 * One layer of a network as a cell of elementary functions, written from docs/cells.md, over the network's own parameters: what the kernels
 * are compared with. No dropout, which is no formula.
 *
 * @param parameters by their names without the `_l0`
 */
export function formulaOf(
  column: RecurrentColumn,
  parameters: ReadonlyMap<string, Tensor>,
  coupled: boolean,
): CellFunction<CellState> {
  const p = (name: string): Tensor | null => parameters.get(name) ?? null;
  const gatesOf = (values: Tensor): Tensor[] => {
    const hiddenSize = p("weight_ih")!.shape[0] / gateCount;
    return Array.from({ length: gateCount }, (_, g) =>
      slice(values, { axis: 1, start: g * hiddenSize, end: (g + 1) * hiddenSize }),
    );
  };
  const gateCount = { rnn: 1, lstm: coupled ? 3 : 4, gru: 3, "gru, reset before": 3, mingru: 2, minlstm: 3 }[column];
  /** W v + b, or LN(W v; gain, b) */
  const part = (v: Tensor, side: "ih" | "hh"): Tensor => {
    const [weight, bias, gain] = [p(`weight_${side}`)!, p(`bias_${side}`), p(`norm_${side}`)];
    return gain ? layerNorm(linear(v, weight, null), gain, bias) : linear(v, weight, bias);
  };
  const less = (x: Tensor): Tensor => sub(tensor([1], [1]), x);

  switch (column) {
    case "rnn":
      return (x, { h }) => {
        const next = tanh(add(part(x, "ih"), part(h, "hh")));
        return { output: next, state: { h: next } };
      };
    case "gru":
      return (x, { h }) => {
        const [xr, xz, xn] = gatesOf(part(x, "ih"));
        const [hr, hz, hn] = gatesOf(part(h, "hh"));
        const [r, z] = [sigmoid(add(xr, hr)), sigmoid(add(xz, hz))];
        const n = tanh(add(xn, mul(r, hn)));
        const next = add(mul(less(z), n), mul(z, h));
        return { output: next, state: { h: next } };
      };
    case "gru, reset before":
      return (x, { h }) => {
        const [xr, xz, xn] = gatesOf(part(x, "ih"));
        const [hr, hz] = gatesOf(part(h, "hh"));
        const [r, z] = [sigmoid(add(xr, hr)), sigmoid(add(xz, hz))];
        const n = tanh(add(xn, gatesOf(part(mul(r, h), "hh"))[2]));
        const next = add(mul(less(z), n), mul(z, h));
        return { output: next, state: { h: next } };
      };
    case "mingru":
      return (x, { h }) => {
        const [xz, n] = gatesOf(part(x, "ih"));
        const z = sigmoid(xz);
        const next = add(mul(less(z), h), mul(z, n));
        return { output: next, state: { h: next } };
      };
    case "minlstm":
      return (x, { h }) => {
        const [xf, xi, n] = gatesOf(part(x, "ih"));
        const [f, i] = [sigmoid(xf), sigmoid(xi)];
        const both = add(f, i);
        const next = add(mul(div(f, both), h), mul(div(i, both), n));
        return { output: next, state: { h: next } };
      };
    case "lstm":
      return (x, { h, c }) => {
        const all = gatesOf(add(part(x, "ih"), part(h, "hh")));
        const [af, ag, ao] = all.slice(-3);
        const peepholes = p("peepholes");
        const looking = (a: Tensor, row: number, cell: Tensor): Tensor =>
          peepholes ? add(a, mul(reshape(slice(peepholes, { start: row, end: row + 1 }), [cell.shape[1]]), cell)) : a;
        const f = sigmoid(looking(af, coupled ? 0 : 1, c));
        const i = coupled ? less(f) : sigmoid(looking(all[0], 0, c));
        const next = add(mul(f, c), mul(i, tanh(ag)));
        const o = sigmoid(looking(ao, coupled ? 1 : 2, next));
        const gain = p("norm_cell");
        const seen = gain ? layerNorm(next, gain, p("bias_cell")) : next;
        const out = mul(o, tanh(seen));
        const projection = p("weight_hr");
        const written = projection ? linear(out, projection, null) : out;
        return { output: written, state: { h: written, c: next } };
      };
  }
}
