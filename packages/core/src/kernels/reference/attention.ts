import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

export function rotatePositions(heap: ReferenceHeap, args: KernelArguments<"rotatePositions">): void {
  const { rows, width, heads, headSize, inverse, accumulate } = args;
  const f = heap.floats;
  const half = headSize / 2;
  for (let row = 0; row < rows; row++) {
    const x = heap.at(args.x) + row * width;
    const out = heap.at(args.out) + row * width;
    const angles = heap.at(args.angles) + heap.ints[heap.intAt(args.index) + row] * headSize;
    const put = (place: number, value: number): void =>
      void (f[out + place] = value + (accumulate ? f[out + place] : 0));
    for (let j = 0; j < width; j++) {
      if (j >= heads * headSize) put(j, f[x + j]);
      else if (j % headSize < half) {
        const [cosine, sine] = [f[angles + (j % headSize)], (inverse ? -1 : 1) * f[angles + half + (j % headSize)]];
        const [left, right] = [f[x + j], f[x + j + half]];
        put(j, left * cosine - right * sine);
        put(j + half, right * cosine + left * sine);
      }
    }
  }
}

type Forward = KernelArguments<"attentionForward">;

/** One head of one sequence: where its rows and keys lie in `floats`, and which keys a query sees. */
interface Head {
  rows: number;
  keys: number;
  query(i: number): number;
  key(j: number): number;
  value(j: number): number;
  /** Where row i of out, and where its logNormalizer. */
  out(i: number): number;
  normalizer(i: number): number;
  sees(i: number): { from: number; end: number };
}

function headsOf(heap: ReferenceHeap, args: Forward): Head[] {
  const { heads, headSize, causal, context } = args;
  const width = heads * headSize;
  return Array.from({ length: args.sequenceCount * heads }, (_, item): Head => {
    const head = item % heads;
    const entries = heap.intAt(args.sequences) + 5 * Math.floor(item / heads);
    const [firstRow, rows, , firstPast, past] = heap.ints.subarray(entries, entries + 5);
    const own = (i: number): number => heap.at(args.x) + (firstRow + i) * 3 * width + head * headSize;
    const before = (j: number): number => heap.at(args.past) + (firstPast + j) * 2 * width + head * headSize;
    return {
      rows,
      keys: past + rows,
      query: own,
      key: (j) => (j < past ? before(j) : own(j - past) + width),
      value: (j) => (j < past ? before(j) + width : own(j - past) + 2 * width),
      out: (i) => (firstRow + i) * width + head * headSize,
      normalizer: (i) => heap.at(args.logNormalizer) + (firstRow + i) * heads + head,
      sees: (i) =>
        causal ? { from: Math.max(0, past + i + 1 - context), end: past + i + 1 } : { from: 0, end: past + rows },
    };
  });
}

export function attentionForward(heap: ReferenceHeap, args: Forward): void {
  const { headSize, scale } = args;
  const f = heap.floats;
  for (const head of headsOf(heap, args)) {
    for (let i = 0; i < head.rows; i++) {
      const { from, end } = head.sees(i);
      const scores = Array.from(
        { length: end - from },
        (_, j) => scale * dot(f, head.query(i), head.key(from + j), headSize),
      );
      const largest = scores.reduce((most, score) => (score > most ? score : most), -Infinity);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
      for (let c = 0; c < headSize; c++) {
        let sum = 0;
        scores.forEach((score, j) => (sum += Math.exp(score - largest) * f[head.value(from + j) + c]));
        f[heap.at(args.out) + head.out(i) + c] = sum / total;
      }
      if (args.logNormalizer) f[head.normalizer(i)] = largest + Math.log(total);
    }
  }
}

export function attentionBackward(heap: ReferenceHeap, args: KernelArguments<"attentionBackward">): void {
  const { headSize, heads, scale } = args;
  const f = heap.floats;
  const width = heads * headSize;
  const toGradient = heap.at(args.gradX) - heap.at(args.x);
  const toPastGradient = heap.at(args.gradPast) - heap.at(args.past);
  for (const head of headsOf(heap, args)) {
    const past = head.keys - head.rows;
    // In double: each is a sum over queries or keys.
    const ofQueries = new Float64Array(head.rows * headSize);
    const [ofKeys, ofValues] = [0, 1].map(() => new Float64Array(head.keys * headSize));
    for (let i = 0; i < head.rows; i++) {
      const gradOut = heap.at(args.gradOut) + head.out(i);
      const delta = dot(f, heap.at(args.out) + head.out(i), gradOut, headSize);
      const { from, end } = head.sees(i);
      for (let j = from; j < end; j++) {
        const weight = Math.exp(scale * dot(f, head.query(i), head.key(j), headSize) - f[head.normalizer(i)]);
        const gradScore = scale * weight * (dot(f, head.value(j), gradOut, headSize) - delta);
        for (let c = 0; c < headSize; c++) {
          ofQueries[i * headSize + c] += gradScore * f[head.key(j) + c];
          ofKeys[j * headSize + c] += gradScore * f[head.query(i) + c];
          ofValues[j * headSize + c] += weight * f[gradOut + c];
        }
      }
    }
    const rowOf = (all: Float64Array, i: number): Float64Array => all.subarray(i * headSize, (i + 1) * headSize);
    for (let i = 0; i < head.rows; i++) {
      const target = head.query(i) + toGradient;
      f.set(rowOf(ofQueries, i), target);
      f.set(rowOf(ofKeys, past + i), target + width);
      f.set(rowOf(ofValues, past + i), target + 2 * width);
    }
    if (!args.gradPast) continue;
    for (let j = 0; j < past; j++) {
      for (let c = 0; c < headSize; c++) {
        f[head.key(j) + toPastGradient + c] += ofKeys[j * headSize + c];
        f[head.value(j) + toPastGradient + c] += ofValues[j * headSize + c];
      }
    }
  }
}

function dot(f: Float32Array | Float64Array, a: number, b: number, count: number): number {
  let sum = 0;
  for (let c = 0; c < count; c++) sum += f[a + c] * f[b + c];
  return sum;
}
