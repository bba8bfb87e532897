import type { KernelFrame } from './commands';
import { decodeFrame, encodeFrame } from './frame-codec';

const RECORD = {
  type: 'record',
  boot: 'b',
  sequence: 1,
  value: { path: '/etc/größe', big: '18446744073709551615' },
};

const FRAMES = [
  { type: 'record', record: RECORD, json: JSON.stringify(RECORD), raw: Uint8Array.of(0, 255, 7) },
  { type: 'lost', lost: { type: 'lost', boot: 'b', count: 3 } },
  { type: 'trace', trace: { type: 'trace', boot: 'b', text: 'hello' } },
  { type: 'session', session: { id: 's-1', state: 'running', command: ['sh'] } },
  { type: 'command', command: { session: 's-1', seq: 1, kind: 'exec', argv: ['ls', '-l'] } },
  { type: 'output', session: 's-1', stream: 'stderr', bytes: Uint8Array.of(27, 91, 200) },
  { type: 'output', session: 's-1', stream: 'stdout', bytes: new Uint8Array() },
  { type: 'exit', session: 's-1', exit_code: 137, error: 'killed' },
  { type: 'exit', session: 's-1', exit_code: 0 },
] as unknown as KernelFrame[];

it.each(FRAMES)('gives back a frame as it was: $type', (frame) => {
  const bytes = Buffer.concat(encodeFrame(frame));
  // As they lie in a larger buffer, too.
  for (const at of [bytes, Buffer.concat([Buffer.from('xy'), bytes]).subarray(2)]) {
    const decoded = decodeFrame(at);
    expect(plain(decoded)).toEqual(plain(frame));
  }
});

/** Bytes as numbers, whatever array they lie in. */
function plain(frame: KernelFrame): unknown {
  if (frame.type === 'record') return { ...frame, raw: [...frame.raw] };
  return frame.type === 'output' ? { ...frame, bytes: [...frame.bytes] } : frame;
}
