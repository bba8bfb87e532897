import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { transformFileSync } from '@swc/core';
import * as fc from 'fast-check';
import { SharedRing } from './shared-ring';

const CAPACITY = 256;

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff);
}

/** Splits into parts at one place. */
function parts(frame: Uint8Array, at: number): Uint8Array[] {
  return [frame.subarray(0, at), frame.subarray(at)];
}

describe('SharedRing', () => {
  it('gives frames back as they were, over any number of wraps', () => {
    const step = fc.record({
      bytes: fc.nat(124),
      split: fc.nat(124),
      readMax: fc.nat(300),
      read: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const producer = SharedRing.create(CAPACITY);
        const consumer = new SharedRing(producer.buffer);
        const waiting: Uint8Array[] = [];
        steps.forEach((at, i) => {
          const frame = bytes(at.bytes, i);
          const needed = frame.length + 4;
          const fits = producer.capacity - producer.usedBytes >= needed;
          expect(producer.tryWrite(parts(frame, at.split))).toBe(fits ? 'written' : 'full');
          if (fits) waiting.push(frame);
          if (!at.read) return;
          const taken = consumer.read(at.readMax);
          expect(taken).toEqual(waiting.splice(0, taken.length));
          const sum = taken.reduce((total, { length }) => total + length, 0);
          expect(taken.length <= 1 || sum <= at.readMax).toBe(true);
        });
        expect(consumer.read(Number.POSITIVE_INFINITY)).toEqual(waiting);
        expect(consumer.usedBytes).toBe(0);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('goes on where the positions pass 2^31 and 2^32', () => {
    for (const start of [2 ** 31 - 100, -100]) {
      const ring = SharedRing.create(CAPACITY);
      const positions = new Int32Array(ring.buffer);
      positions[0] = start;
      positions[16] = start;
      for (let i = 0; i < 20; i++) {
        expect(ring.tryWrite([bytes(50, i)])).toBe('written');
        expect(ring.read(1000)).toEqual([bytes(50, i)]);
      }
    }
  });

  it('is full when a frame with its length does not fit, and takes it when there is room', () => {
    const ring = SharedRing.create(CAPACITY);
    expect(ring.tryWrite([bytes(124, 1)])).toBe('written');
    expect(ring.tryWrite([bytes(124, 2)])).toBe('written');
    expect(ring.tryWrite([])).toBe('full');
    expect(ring.read(1)).toEqual([bytes(124, 1)]);
    expect(ring.tryWrite([])).toBe('written');
    expect(ring.read(1000)).toEqual([bytes(124, 2), new Uint8Array()]);
  });

  it('refuses a frame longer than half of it, and stays as it was', () => {
    const ring = SharedRing.create(CAPACITY);
    expect(ring.frameBytesMax).toBe(124);
    expect(ring.tryWrite([bytes(100, 1), bytes(25, 2)])).toBe('too-large');
    expect(ring.usedBytes).toBe(0);
  });

  it.each([0, 63, 100, 2 ** 30 + 1])('has no capacity of %d bytes', (capacity) => {
    expect(() => SharedRing.create(capacity)).toThrow(RangeError);
  });

  it('waits until it is notified, or for as long as it was told', async () => {
    const ring = SharedRing.create(CAPACITY);
    await ring.wait(5);
    const waiting = ring.wait();
    ring.tryWrite([bytes(1, 1)]);
    ring.notify();
    await waiting;
    expect(ring.read(10)).toHaveLength(1);
  });

  it('carries 10,000 frames between two threads, in order and whole', async () => {
    const FRAMES = 10_000;
    const ring = SharedRing.create(4096);
    const { code } = transformFileSync(join(__dirname, 'shared-ring.ts'), {
      swcrc: false,
      configFile: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'commonjs' },
    });
    const worker = new Worker(`${code}\n;(${produce})()`, {
      eval: true,
      workerData: { buffer: ring.buffer, frames: FRAMES },
    });
    const ended = once(worker, 'exit');
    let next = 0;
    while (next < FRAMES) {
      await ring.wait(10_000);
      const frames = ring.read(1500);
      if (frames.length === 0) throw new Error('the producer says nothing');
      for (const frame of frames) {
        const view = new DataView(frame.buffer);
        expect(view.getUint32(0)).toBe(next);
        expect(frame.length).toBe(4 + (next % 700));
        if (frame.length > 4) expect(frame[frame.length - 1]).toBe(next & 0xff);
        next++;
      }
    }
    await ended;
  });
});

/** Runs in the worker: frame `n` is its number and `n % 700` bytes of it. */
function produce(): void {
  const { workerData } = require('node:worker_threads');
  const ring = new (module.exports.SharedRing as typeof SharedRing)(workerData.buffer);
  for (let n = 0; n < workerData.frames; n++) {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, n);
    const body = new Uint8Array(n % 700).fill(n & 0xff);
    while (ring.tryWrite([head, body]) === 'full') {
      ring.notify();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
    if (n % 32 === 0) ring.notify();
  }
  ring.notify();
}
