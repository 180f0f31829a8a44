import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor, zeros } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";

/** What rows look at, and how. */
export interface Attended {
  /** [S, B, A], what a query is compared with. */
  keys: Tensor;
  /** [S, B, M], what is taken over. */
  values: Tensor;
  /** int32 [B]: the places of each memory that are there, 0 to S. */
  lengths: Tensor;
  /** [A] for additive scores, null for products. */
  vector: Tensor | null;
}

/**
 * Each row looks at one memory of a batch and takes a mean of its values, weighted by how well its query fits the keys.
 *
 *     score[r, s] = query[r] · keys[s, b], or vector · tanh(query[r] + keys[s, b]),   b = owners[r]
 *     weights[r, :] = softmax over s < lengths[b] of score[r, s];   context[r] = Σ_s weights[r, s] values[s, b]
 *
 * query [N, A], owners int32 [N] (any number of rows may look at one memory; a negative owner at nothing), result: context [N, M] and
 * weights [N, S], zeros past a memory's length and for a row that looks at nothing. Rows of keys and values past a memory's length
 * are not read: NaN there changes nothing. The weights are to be looked at; only the context is on the tape.
 *
 * Owners are below B and lengths at most S (not checked here: `GlobalAttention` does).
 *
 * @throws HiddenstateError `mismatch` for shapes that do not fit, `invalid` if owners or lengths are no int32 tensor
 *
 * Source: Bahdanau, Cho & Bengio, "Neural machine translation by jointly learning to align and translate", ICLR 2015 (additive);
 * Luong, Pham & Manning, "Effective approaches to attention-based neural machine translation", EMNLP 2015 (products).
 *
 * @example
 * const { context, weights } = attend(query, owners, { keys, values, lengths, vector: null });
 */
export function attend(query: Tensor, owners: Tensor, attended: Attended): { context: Tensor; weights: Tensor } {
  const sizes = checkShapes(query, owners, attended);
  const { keys, values, lengths, vector } = attended;
  const { kernels } = runtime().kernelSet;
  const context = empty([sizes.rows, sizes.valueSize]);
  const weights = empty([sizes.rows, sizes.steps]);
  const shared = {
    weights: weights.offset,
    query: query.offset,
    keys: keys.offset,
    values: values.offset,
    vector: vector?.offset ?? 0,
    owners: owners.offset,
    lengths: lengths.offset,
    ...sizes,
  };
  kernels.attendForward({ context: context.offset, ...shared });
  record({
    name: "attend",
    inputs: [query, owners, keys, values, lengths, ...(vector ? [vector] : [])],
    outputs: [context],
    // A second hold on their memory: the first is the caller's.
    saved: [weights.view(weights.shape)],
    backward: (pass) => {
      const scores = empty(weights.shape);
      const spare: Tensor[] = [scores];
      /** Where a gradient is added, or room that nobody looks at. */
      const target = (input: Tensor): number => {
        const wanted = pass.partialTarget(input);
        if (wanted) return wanted.offset;
        const room = empty(input.shape);
        spare.push(room);
        return room.offset;
      };
      const gradVector = vector && zeros([sizes.batch, sizes.keySize]);
      kernels.attendBackward({
        gradQuery: target(query),
        gradKeys: target(keys),
        gradValues: target(values),
        gradVector: gradVector?.offset ?? 0,
        scores: scores.offset,
        gradContext: pass.gradient(context),
        ...shared,
      });
      if (vector && gradVector) {
        const toVector = pass.target(vector);
        if (toVector) {
          const { offset: out, accumulate } = toVector;
          const { batch, keySize } = sizes;
          kernels.reduceSum({
            out,
            x: gradVector.offset,
            outer: 1,
            reduced: batch,
            inner: keySize,
            scale: 1,
            accumulate,
          });
        }
        gradVector.end();
      }
      for (const room of spare) room.end();
    },
  });
  return { context, weights };
}

interface Sizes {
  rows: number;
  steps: number;
  batch: number;
  keySize: number;
  valueSize: number;
}

function checkShapes(query: Tensor, owners: Tensor, { keys, values, lengths, vector }: Attended): Sizes {
  for (const [name, operand] of Object.entries({ query, keys, values })) checkOperand("attend", name, operand);
  checkOperand("attend", "owners", owners, "int32");
  checkOperand("attend", "lengths", lengths, "int32");
  if (query.shape.length !== 2) throw mismatch("query", query, "[N, A]");
  const [rows, keySize] = query.shape;
  if (keys.shape.length !== 3 || keys.shape[2] !== keySize) throw mismatch("keys", keys, `[S, B, ${keySize}]`);
  const [steps, batch] = keys.shape;
  if (values.shape.length !== 3 || values.shape[0] !== steps || values.shape[1] !== batch) {
    throw mismatch("values", values, `[${steps}, ${batch}, M]`);
  }
  if (owners.size !== rows) throw mismatch("owners", owners, `[${rows}], one for each row of query`);
  if (lengths.size !== batch) throw mismatch("lengths", lengths, `[${batch}], one for each memory`);
  if (vector) {
    checkOperand("attend", "vector", vector);
    if (vector.shape.length !== 1 || vector.shape[0] !== keySize) throw mismatch("vector", vector, `[${keySize}]`);
  }
  return { rows, steps, batch, keySize, valueSize: values.shape[2] };
}

function mismatch(name: string, got: Tensor, expected: string): HiddenstateError {
  return new HiddenstateError("mismatch", `attend: mismatch in ${name}: got ${shown(got.shape)}, expected ${expected}`);
}
