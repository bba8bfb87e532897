import type { KernelFrame } from './commands';

/**
 * A frame as bytes: type (u8), bytes of the JSON text (u32 little-endian), the text, then what is no JSON: a record's
 * bytes, a session's output.
 */
const HEAD_BYTES = 5;

type FrameType = KernelFrame['type'];
type FrameOf<T extends FrameType> = Extract<KernelFrame, { type: T }>;

/** How the text and the bytes behind it make a frame, and the other way round. */
interface Codec<T extends FrameType> {
  readonly type: T;
  text(frame: FrameOf<T>): string;
  tail?(frame: FrameOf<T>): Uint8Array;
  frame(text: string, tail: Uint8Array): FrameOf<T>;
}

function codec<T extends FrameType>(row: Codec<T>): Codec<FrameType> {
  return row as unknown as Codec<FrameType>;
}

/** A row's place is its number on the wire. */
const CODECS: readonly Codec<FrameType>[] = [
  codec({
    type: 'record',
    text: ({ json }) => json,
    tail: ({ raw }) => raw,
    frame: (json, raw) => ({ type: 'record', record: JSON.parse(json), json, raw }),
  }),
  codec({
    type: 'lost',
    text: ({ lost }) => JSON.stringify(lost),
    frame: (text) => ({ type: 'lost', lost: JSON.parse(text) }),
  }),
  codec({
    type: 'trace',
    text: ({ trace }) => JSON.stringify(trace),
    frame: (text) => ({ type: 'trace', trace: JSON.parse(text) }),
  }),
  codec({
    type: 'session',
    text: ({ session }) => JSON.stringify(session),
    frame: (text) => ({ type: 'session', session: JSON.parse(text) }),
  }),
  codec({
    type: 'command',
    text: ({ command }) => JSON.stringify(command),
    frame: (text) => ({ type: 'command', command: JSON.parse(text) }),
  }),
  codec({
    type: 'output',
    text: ({ session, stream }) => JSON.stringify({ session, stream }),
    tail: ({ bytes }) => bytes,
    frame: (text, bytes) => ({ type: 'output', ...JSON.parse(text), bytes }),
  }),
  codec({
    type: 'exit',
    text: ({ session, exit_code, error }) => JSON.stringify({ session, exit_code, error }),
    frame: (text) => ({ type: 'exit', ...JSON.parse(text) }),
  }),
];

const NUMBER_OF = new Map(CODECS.map(({ type }, number) => [type, number]));
const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The parts of a frame's bytes, one behind the other. */
export function encodeFrame(frame: KernelFrame): readonly Uint8Array[] {
  const number = NUMBER_OF.get(frame.type)!;
  const row = CODECS[number];
  const text = encoder.encode(row.text(frame));
  const head = new Uint8Array(HEAD_BYTES);
  head[0] = number;
  new DataView(head.buffer).setUint32(1, text.length, true);
  return [head, text, row.tail?.(frame) ?? NOTHING];
}

/** @param bytes a whole frame; its tail is a view of these */
export function decodeFrame(bytes: Uint8Array): KernelFrame {
  const textBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  const end = HEAD_BYTES + textBytes;
  return CODECS[bytes[0]].frame(decoder.decode(bytes.subarray(HEAD_BYTES, end)), bytes.subarray(end));
}
