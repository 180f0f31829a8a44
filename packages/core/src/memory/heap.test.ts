import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KernelSet } from "../kernels/kernels.ts";
import { Heap } from "./heap.ts";

const megabyte = 2 ** 20;

/** A heap over memory that exists only as a number of bytes. */
function heapOf(limit: number): Heap {
  return new Heap({ heapStart: 64, reserve: (bytes) => bytes <= limit } as KernelSet);
}

interface Stretch {
  offset: number;
  bytes: number;
}

/** Either asks for so many bytes, or gives back one of what is held (counted round). */
const steps = fc.array(
  fc.oneof(
    fc.record({ allocate: fc.oneof(fc.nat(1000), fc.nat(100_000), fc.nat(40 * megabyte)) }),
    fc.record({ release: fc.nat(1000) }),
  ),
  { maxLength: 120 },
);

describe("the heap", () => {
  test("never hands out a byte twice, and is whole again when everything is given back", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const heap = heapOf(2 ** 32 - 1);
        const held: Stretch[] = [];
        let peak = 0;
        for (const step of sequence) {
          if ("allocate" in step) {
            const offset = heap.allocate(step.allocate);
            if (offset < 0) continue;
            held.push({ offset, bytes: Math.max(64, Math.ceil(step.allocate / 64) * 64) });
          } else if (held.length > 0) {
            const [stretch] = held.splice(step.release % held.length, 1);
            heap.release(stretch.offset);
          }
          expectDisjoint(held, heap.reservedBytes);
          const inUse = held.reduce((total, { bytes }) => total + bytes, 0);
          peak = Math.max(peak, inUse);
          expect(heap.bytesInUse).toBe(inUse);
          expect(heap.peakBytes).toBe(peak);
        }
        for (const { offset } of held) heap.release(offset);
        expectWhole(heap);
      }),
      { numRuns: 200 },
    );
  });

  test("uses memory that was given back before it asks for more", () => {
    const heap = heapOf(2 ** 32 - 1);
    const offsets = Array.from({ length: 100 }, () => heap.allocate(megabyte));
    const reserved = heap.reservedBytes;
    for (let round = 0; round < 50; round++) {
      for (const offset of offsets.splice(0, 50)) heap.release(offset);
      for (let i = 0; i < 50; i++) offsets.push(heap.allocate(megabyte));
    }
    expect(heap.reservedBytes).toBe(reserved);
  });

  test("says -1 where the memory cannot be had, and goes on", () => {
    const heap = heapOf(64 + 10 * megabyte);
    const first = heap.allocate(6 * megabyte);
    expect(first).toBe(64);
    expect(heap.allocate(6 * megabyte)).toBe(-1);
    expect(heap.allocate(Number.MAX_SAFE_INTEGER)).toBe(-1);
    expect(heap.allocate(4 * megabyte)).toBe(64 + 6 * megabyte);
    heap.release(first);
    expect(heap.allocate(6 * megabyte)).toBe(64);
    expect(heap.bytesInUse).toBe(10 * megabyte);
  });

  test("asks only for what a free end of the memory lacks", () => {
    const heap = heapOf(64 + 100 * megabyte);
    heap.allocate(10 * megabyte);
    expect(heap.allocate(90 * megabyte)).toBe(64 + 10 * megabyte);
    expect(heap.reservedBytes).toBe(64 + 100 * megabyte);
  });

  test("no bytes are a place of their own", () => {
    const heap = heapOf(megabyte * 64);
    expect(heap.allocate(0)).not.toBe(heap.allocate(0));
  });
});

function expectDisjoint(held: readonly Stretch[], reserved: number): void {
  const ordered = held.toSorted((a, b) => a.offset - b.offset);
  let end = 64;
  for (const { offset, bytes } of ordered) {
    expect(offset % 64).toBe(0);
    expect(offset).toBeGreaterThanOrEqual(end);
    end = offset + bytes;
  }
  expect(end).toBeLessThanOrEqual(reserved);
}

/** One stretch as long as everything that was ever reserved fits without asking for more. */
function expectWhole(heap: Heap): void {
  expect(heap.bytesInUse).toBe(0);
  const reserved = heap.reservedBytes;
  if (reserved === 64) return;
  expect(heap.allocate(reserved - 64)).toBe(64);
  expect(heap.reservedBytes).toBe(reserved);
}
