import { strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { readSome, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const CHUNK_BYTES = 16_384;
const BYTE_NS = 0.8;
const LINE_END = { lines: 0x0a, records: 0 };
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  b: '\b',
  f: '\f',
  r: '\r',
  v: '\v',
  '0': '',
};

const encoder = new TextEncoder();

/** Lines of a descriptor, read as they are asked for. */
class LineReader {
  private rest = new Uint8Array(0);
  private ended = false;

  constructor(
    private readonly u: UserContext,
    readonly fd: number,
    private readonly end: number,
  ) {}

  /** @returns the next line without its end, undefined after the last, or a negative errno */
  *next(): Sys<Uint8Array | undefined | number> {
    for (let from = 0; ; ) {
      const at = this.rest.indexOf(this.end, from);
      if (at >= 0) return this.take(at, at + 1);
      if (this.ended) return this.rest.length > 0 ? this.take(this.rest.length, this.rest.length) : undefined;
      from = this.rest.length;
      const data = yield* readSome(this.u, this.fd, CHUNK_BYTES);
      if (typeof data === 'number') return data;
      this.ended = data.length === 0;
      this.rest = joined([this.rest, data]);
      yield* this.u.cpu(data.length * BYTE_NS);
    }
  }

  private take(end: number, next: number): Uint8Array {
    const line = this.rest.slice(0, end);
    this.rest = this.rest.slice(next);
    return line;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Delimiters of `-d LIST`, used in turn; `\0` stands for none at all. */
function delimiters(list: string): Uint8Array[] {
  const found = list.match(/\\[\s\S]|[\s\S]/gu) ?? [];
  const texts = found.map((one) => (one.length > 1 && one[0] === '\\' ? (ESCAPES[one[1]] ?? one[1]) : one));
  return (texts.length > 0 ? texts : ['']).map((text) => encoder.encode(text));
}

/** What a run of paste goes by. */
interface Plan {
  readonly run: ToolRun;
  readonly delimiters: readonly Uint8Array[];
  readonly end: Uint8Array;
}

/** `paste -s`: each input becomes one line. @returns 0 or a negative errno */
function* serial(plan: Plan, reader: LineReader): Sys {
  const { u } = plan.run;
  for (let i = 0; ; i++) {
    const line = yield* reader.next();
    if (typeof line === 'number') return line;
    if (!line) break;
    const before = i > 0 ? plan.delimiters[(i - 1) % plan.delimiters.length] : new Uint8Array(0);
    const error = yield* writeAll(u, 1, joined([before, line]));
    if (error < 0) return error;
  }
  return yield* writeAll(u, 1, plan.end);
}

/** Line by line of all inputs, until the last of them has ended. @returns 0 or a negative errno */
function* parallel(plan: Plan, readers: readonly LineReader[]): Sys {
  for (;;) {
    const parts: Uint8Array[] = [];
    let some = false;
    for (const [i, reader] of readers.entries()) {
      const line = yield* reader.next();
      if (typeof line === 'number') return line;
      some ||= line !== undefined;
      if (i > 0) parts.push(plan.delimiters[(i - 1) % plan.delimiters.length]);
      if (line) parts.push(line);
    }
    if (!some) return 0;
    const error = yield* writeAll(plan.run.u, 1, joined([...parts, plan.end]));
    if (error < 0) return error;
  }
}

function* paste(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const long = { serial: 's', 'zero-terminated': 'z', 'delimiters=': 'd' };
  const { options, operands, unknown } = parseArguments(run.args, 'sz', 'd', long);
  if (unknown) return yield* unknownOption(run, unknown);
  const end = options.has('z') ? LINE_END.records : LINE_END.lines;
  const list = options.get('d') ?? '\t';
  const plan: Plan = { run, delimiters: delimiters(list), end: Uint8Array.of(end) };
  const stdin = new LineReader(u, 0, end);
  const readers: LineReader[] = [];
  let status = 0;
  for (const name of operands.length > 0 ? operands : ['-']) {
    const fd = name === '-' ? 0 : yield* u.open(name);
    if (fd >= 0) readers.push(fd === 0 ? stdin : new LineReader(u, fd, end));
    else {
      status = yield* run.fail(`${name}: ${strerror(fd)}`);
      if (!options.has('s')) return status;
    }
  }
  let error = options.has('s') ? 0 : yield* parallel(plan, readers);
  if (options.has('s')) for (const reader of readers) error = Math.min(error, yield* serial(plan, reader));
  return error < 0 ? yield* run.fail(strerror(error)) : status;
}

/** paste(1) of our own: just-bash's does not take its options together (`-sd+`). */
export const MERGING: ToolTable = { paste };
