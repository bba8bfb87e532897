import type { OutputRecord } from '@probed/machine';
import { SharedRing } from '@probed/stream';
import type { KernelFrame } from '../kernel/commands';
import { decodeFrame } from '../kernel/frame-codec';
import { Outlet, type RawOutput } from './outlet';

const FOREVER = Number.POSITIVE_INFINITY;

function recordFrame(raw: Uint8Array, sequence: number): KernelFrame {
  const record = { type: 'record', sequence, value: { text: 'x'.repeat(raw.length) } } as never;
  return { type: 'record', record, json: JSON.stringify(record), raw };
}

function raw(bytes: number): RawOutput {
  return { node: 0, output: { kind: 'record', bytes: new Uint8Array(bytes).fill(7) } as OutputRecord };
}

function outletOn(ring: SharedRing): Outlet {
  let sequence = 0;
  return new Outlet(ring, ({ output }) => recordFrame((output as OutputRecord).bytes, ++sequence));
}

function output(session: string, bytes: number): KernelFrame {
  return { type: 'output', session, stream: 'stdout', bytes: new Uint8Array(bytes) };
}

function taken(ring: SharedRing): KernelFrame[] {
  return ring.read(FOREVER).map(decodeFrame);
}

describe('Outlet', () => {
  it('writes in order as far as there is room, and numbers each record once', () => {
    const ring = SharedRing.create(1_024);
    const outlet = outletOn(ring);
    for (let i = 0; i < 20; i++) outlet.record(raw(100));
    const frames: KernelFrame[] = [];
    while (outlet.clogged || frames.length === 0) {
      expect(outlet.flush(FOREVER)).toBe(true);
      frames.push(...taken(ring));
    }
    expect(frames.map((frame) => frame.type === 'record' && frame.record.sequence)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it('stops when its time is over, and says that there is more', () => {
    const ring = SharedRing.create(1 << 20);
    const outlet = outletOn(ring);
    for (let i = 0; i < 200; i++) outlet.record(raw(10));
    expect(outlet.flush(0)).toBe(false);
    expect(taken(ring)).toHaveLength(64);
    expect(outlet.flush(FOREVER)).toBe(true);
    expect(taken(ring)).toHaveLength(136);
  });

  it('shortens a record that no ring would take', () => {
    const ring = SharedRing.create(1 << 16);
    const outlet = outletOn(ring);
    outlet.record(raw(100_000));
    outlet.record(raw(10));
    outlet.flush(FOREVER);
    const [short, whole] = taken(ring) as (KernelFrame & { type: 'record' })[];
    expect(short.raw).toHaveLength(4_096);
    expect(short.record).toEqual({ type: 'record', sequence: 1, raw: '07'.repeat(4_096) });
    expect(whole.record.sequence).toBe(2);
  });

  it("cuts a session's output that nobody takes, and says how much is missing", () => {
    const ring = SharedRing.create(1 << 18);
    const outlet = outletOn(ring);
    for (let i = 0; i < 50; i++) outlet.push(output('s-1', 100_000));
    outlet.push({ type: 'exit', session: 's-1', exit_code: 0 });
    const frames: KernelFrame[] = [];
    for (let i = 0; i < 100; i++) {
      outlet.flush(FOREVER);
      frames.push(...taken(ring));
    }
    const bytes = frames.flatMap((frame) => (frame.type === 'output' ? [frame.bytes.length] : []));
    expect(bytes.filter((length) => length === 100_000)).toHaveLength(41);
    expect(frames.at(-1)?.type).toBe('exit');
    const notice = frames.at(-2) as KernelFrame & { type: 'output' };
    expect(new TextDecoder().decode(notice.bytes)).toContain(
      '[900000 bytes of output were not taken in time]',
    );
  });
});
