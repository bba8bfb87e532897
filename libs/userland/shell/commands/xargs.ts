import type { Sys, UserContext } from '@probed/system';
import { readToEnd, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { execProgram } from './run-child';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

/** What one command line may take of the words. */
const ARGUMENTS_MAX_BYTES = 32_000;

/** Words of xargs' input: quotes and backslashes as it has them, or records between delimiters. */
function inputWords(text: string, separator: string | undefined, lines: boolean): string[] {
  if (separator !== undefined)
    return text.split(separator).filter((word, i, all) => word !== '' || i < all.length - 1);
  if (lines)
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  return [...text.matchAll(/"([^"\n]*)"|'([^'\n]*)'|((?:\\.|[^\s"'\\])+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain.replace(/\\(.)/g, '$1'),
  );
}

const XARGS_VALUED = 'nILPdsEa';

/** Options of xargs end at the command. */
function splitXargs(args: readonly string[]): { own: readonly string[]; command: readonly string[] } {
  let i = 0;
  for (; i < args.length && args[i].startsWith('-') && args[i] !== '-'; i++) {
    const letter = args[i][1];
    if (args[i].length === 2 && XARGS_VALUED.includes(letter)) i++;
  }
  return { own: args.slice(0, i), command: args.slice(i) };
}

function* xargs(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { own, command } = splitXargs(run.args);
  const { options, unknown } = parseArguments(own, '0rtpx', XARGS_VALUED, {
    null: '0',
    'no-run-if-empty': 'r',
    'max-args=': 'n',
    'delimiter=': 'd',
    'max-procs=': 'P',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const data = yield* readToEnd(u, 0);
  if (typeof data === 'number') return yield* run.failure('read error', data);
  const replace = options.get('I');
  const separator = options.has('0') ? '\0' : options.get('d')?.replace('\\n', '\n').replace('\\0', '\0');
  const words = inputWords(new TextDecoder().decode(data), separator, replace !== undefined);
  const base = command.length > 0 ? command : ['echo'];
  const runs =
    replace === undefined
      ? groups(words, options, base)
      : words.map((word) => base.map((part) => part.replaceAll(replace, word)));
  let status = 0;
  for (const argv of runs) {
    if (options.has('t')) yield* writeAll(u, 2, `${argv.join(' ')}\n`);
    const code = yield* spawn(u, argv);
    if (code === 255) return yield* run.fail(`${argv[0]}: exited with status 255; aborting`, 124);
    if (code === 126 || code === 127) return code;
    if (code !== 0) status = 123;
  }
  return status;
}

function groups(
  words: readonly string[],
  options: ReadonlyMap<string, string>,
  base: readonly string[],
): string[][] {
  if (words.length === 0) return options.has('r') ? [] : [[...base]];
  const most = Number(options.get('n') ?? options.get('L') ?? Number.POSITIVE_INFINITY);
  const out: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const word of words) {
    const current = out[out.length - 1];
    if (!current || current.length - base.length >= most || bytes + word.length > ARGUMENTS_MAX_BYTES) {
      out.push([...base, word]);
      bytes = word.length;
    } else {
      current.push(word);
      bytes += word.length + 1;
    }
  }
  return out;
}

function* spawn(u: UserContext, argv: readonly string[]): Sys {
  const pid = yield* u.fork(function* (child) {
    const nothing = yield* child.open('/dev/null');
    yield* child.dup2(nothing, 0);
    yield* child.close(nothing);
    return yield* execProgram(child, argv);
  });
  if (pid < 0) return 1;
  const [, status] = yield* u.wait(pid);
  return status & 0x7f ? 125 : (status >> 8) & 0xff;
}

export const XARGS: ToolTable = { xargs };
