import { strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { writeAll } from '../os/io';

/** One run of a tool of our own: its arguments, and output collected as stdio would until it ends. */
export class ToolRun {
  readonly name: string;
  readonly args: readonly string[];
  private out = '';

  constructor(readonly u: UserContext) {
    const [argv0 = 'tool', ...args] = u.argv;
    this.name = argv0.slice(argv0.lastIndexOf('/') + 1);
    this.args = args;
  }

  /** Adds to standard output; it is written when the tool ends, or at {@link flush}. */
  print(text: string): void {
    this.out += text;
  }

  *flush(): Sys {
    const { out } = this;
    this.out = '';
    return out === '' ? 0 : yield* writeAll(this.u, 1, out);
  }

  /** A message of the tool's on standard error. @returns the status given */
  *fail(message: string, status = 1): Sys {
    yield* this.flush();
    yield* writeAll(this.u, 2, `${this.name}: ${message}\n`);
    return status;
  }

  /** What perror(3) would say. */
  failure(subject: string, errno: number, status = 1): Sys {
    return this.fail(`${subject}: ${strerror(errno)}`, status);
  }
}

/** User mode of a tool of our own. @returns its exit code */
export type Tool = (run: ToolRun) => number | Sys;

export type ToolTable = Readonly<Record<string, Tool>>;

/** Options and operands of a command line. */
export interface Arguments {
  /** Letters and long names that are set; value `''` for those without one. */
  readonly options: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** First option that the tool does not have. */
  readonly unknown: string | undefined;
}

/**
 * getopt_long(3).
 * @param flags letters without a value
 * @param valued letters with one
 * @param long long names, with a trailing `=` when they take a value, to the letter they stand for
 */
export function parseArguments(
  args: readonly string[],
  flags: string,
  valued = '',
  long: Readonly<Record<string, string>> = {},
): Arguments {
  const options = new Map<string, string>();
  const operands: string[] = [];
  let unknown: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--') {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) operands.push(arg);
    else if (arg.startsWith('--')) {
      const [name, value] = splitOnce(arg.slice(2), '=');
      if (long[name] !== undefined) options.set(long[name], value ?? '');
      else if (long[`${name}=`] !== undefined) options.set(long[`${name}=`], value ?? args[++i] ?? '');
      else unknown ??= arg;
    } else {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at];
        if (valued.includes(letter)) {
          options.set(letter, arg.slice(at + 1) || (args[++i] ?? ''));
          break;
        }
        if (flags.includes(letter)) options.set(letter, '');
        else unknown ??= `-${letter}`;
      }
    }
  }
  return { options, operands, unknown };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The message that GNU tools give for an option they lack. */
export function unknownOption(run: ToolRun, option: string, status = 1): Sys {
  const what = option.startsWith('--')
    ? `unrecognized option '${option}'`
    : `invalid option -- '${option.slice(1)}'`;
  return run.fail(`${what}\nTry '${run.name} --help' for more information.`, status);
}
