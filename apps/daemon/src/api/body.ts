import type { IncomingMessage } from 'node:http';
import { RequestFault } from './request-fault';

/** What an operation takes as its body. */
export interface BodyRule {
  readonly jsonBytesMax: number;
  /** Also takes `application/octet-stream`, up to this many bytes. */
  readonly binaryBytesMax?: number;
}

const JSON_TYPE = 'application/json';
const BINARY_TYPE = 'application/octet-stream';
const MIB = 1_048_576;
/** Deeper than any value that a type can ask for; guards what walks over it later. */
const DEPTH_MAX = 64;
/** A body that is refused is still read, so that its sender gets to see the answer, but not without end. */
const DISCARD_BYTES_MAX = 64 * MIB;

/**
 * Reads the body of a request.
 * @returns bytes, or what JSON says; undefined when there is none
 * @throws RequestFault 400 malformed, 413 too large, 415 of another type
 */
export async function readBody(request: IncomingMessage, rule: BodyRule): Promise<unknown> {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined && !Number(headers['content-length'] ?? 0)) return undefined;
  const binary = mediaType(request, rule) === BINARY_TYPE;
  const bytes = await collect(request, binary ? rule.binaryBytesMax! : rule.jsonBytesMax);
  if (bytes.length === 0) return undefined;
  return binary ? bytes : parseJson(bytes);
}

function mediaType({ headers }: IncomingMessage, rule: BodyRule): string {
  const [type, ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const taken = rule.binaryBytesMax === undefined ? [JSON_TYPE] : [BINARY_TYPE, JSON_TYPE];
  const hint = `send ${taken.join(' or ')}`;
  if (!taken.includes(type)) {
    const message = type ? `Content-Type ${type} is not taken here` : 'the request has no Content-Type';
    throw unsupported(message, hint);
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset && charset.replaceAll('"', '') !== 'utf-8')
    throw unsupported(`charset ${charset} is not taken`, 'send UTF-8');
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw unsupported(`Content-Encoding ${encoding} is not taken`, 'send it uncompressed');
  return type;
}

function unsupported(message: string, hint: string): RequestFault {
  return new RequestFault(415, {
    code: 'unsupported-media-type',
    message,
    where: 'header Content-Type',
    hint,
  });
}

function tooLarge(bytesMax: number): RequestFault {
  return new RequestFault(413, {
    code: 'body-too-large',
    message: `the body is larger than ${bytesMax / MIB} MiB`,
    where: 'body',
    errno: 7,
  });
}

/** @throws RequestFault 413, as soon as the body is known to be too large */
function collect(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length']) > bytesMax) {
      discard(request);
      reject(tooLarge(bytesMax));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= bytesMax) return;
      request.off('data', take);
      chunks.length = 0;
      discard(request);
      reject(tooLarge(bytesMax));
    };
    request.on('data', take);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('aborted', () =>
      reject(new RequestFault(400, { code: 'request-aborted', message: 'the body ended too early' })),
    );
    request.once('error', reject);
  });
}

function discard(request: IncomingMessage): void {
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > DISCARD_BYTES_MAX) request.destroy();
  });
}

function parseJson(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw badJson(error instanceof SyntaxError ? lowerFirst(error.message) : 'it is not UTF-8');
  }
  if (depthExceeds(value, DEPTH_MAX)) throw badJson(`it is nested deeper than ${DEPTH_MAX} levels`);
  return value;
}

function badJson(why: string): RequestFault {
  const message = `the body is not JSON that is taken here: ${why.replace(/\s*\n\s*/g, ' ')}`;
  return new RequestFault(400, { code: 'malformed-json', message, where: 'body' });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Level by level, without recursion, so that the value can't exhaust our stack. */
function depthExceeds(value: unknown, depthMax: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMax) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
