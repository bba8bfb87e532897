import { diagnostic, err, ok, type Result } from '@probed/base';
import { parseJson } from '../input/json-reader';
import { readInputFile } from '../input/read-file';
import type { Pattern } from './match';

/** Far more than anybody writes by hand. */
const BYTES_MAX = 4 * 1024 * 1024;
const DEPTH_MAX = 64;
const TOO_DEEP = `nested deeper than ${DEPTH_MAX} levels`;

/** Reads `*.probed.yaml`, `*.probed.yml` or `*.probed.json` (with comments). Errors name file and line. */
export async function readCaseFile(path: string): Promise<Result<Pattern>> {
  const bytes = readInputFile(path);
  if (!bytes.ok) return bytes;
  if (bytes.value.length > BYTES_MAX) {
    return err(diagnostic('case-file', `has more than ${BYTES_MAX} bytes`, { where: path }));
  }
  const text = new TextDecoder().decode(bytes.value);
  return path.endsWith('.json')
    ? (parseJson(withoutComments(text), path) as Result<Pattern>)
    : readYaml(text, path);
}

/** Comments become blanks, so that lines and columns stay. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  );
}

async function readYaml(text: string, path: string): Promise<Result<Pattern>> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lineCounter = new LineCounter();
  const fault = (message: string, at?: number) => {
    const place = at === undefined ? undefined : lineCounter.linePos(at);
    const where = place ? `${path}:${place.line}:${place.col}` : path;
    return err(diagnostic('case-file', message, { where }));
  };
  try {
    const document = parseDocument(text, { lineCounter, intAsBigInt: true, prettyErrors: false });
    const [first] = document.errors;
    if (first) return fault(inWords(first.message), first.pos[0]);
    return ok(plain(document.toJS({ maxAliasCount: 100 }), 0));
  } catch (error) {
    // Nested too deep, or too many aliases.
    return fault(inWords((error as Error).message));
  }
}

/** The parser's messages in one line; what exhausts its stack is nested too deep. */
function inWords(message: string): string {
  return /call stack/.test(message) ? TOO_DEEP : message.split('\n')[0];
}

/** Integers that fit become numbers; members are plain ones even when they are called __proto__. */
function plain(value: unknown, depth: number): Pattern {
  if (depth > DEPTH_MAX) throw new Error(TOO_DEEP);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value as Pattern;
  const members: Record<string, Pattern> = {};
  for (const [name, item] of Object.entries(value)) {
    const own = { value: plain(item, depth + 1), enumerable: true, configurable: true, writable: true };
    Object.defineProperty(members, name, own);
  }
  return members;
}
