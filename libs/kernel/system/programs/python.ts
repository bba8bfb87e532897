import { O } from '@probed/abi';
import type { Sys } from '../sched/task-program';
import type { UserContext } from '../user/context';
import type { ImageProbe } from '../user/image';
import type { Program } from '../user/programs';

const EVAL = '_PyEval_EvalFrameDefault';
const INTERPRETER = ['Py_RunMain', 'PyEval_EvalCode', EVAL];

/** Where the time of the report script goes: share of each function, in percent. */
const HOT_FUNCTIONS: readonly (readonly [share: number, path: readonly string[]])[] = [
  [46, [...INTERPRETER, 'parse_json', 'scanstring_unicode']],
  [27, [...INTERPRETER, 'aggregate_rows', 'PyDict_SetItem']],
  [15, [...INTERPRETER, 'render_report', 'PyUnicode_Format']],
  [12, [...INTERPRETER, 'gc_collect_main']],
];

const SYMBOLS = [
  '_start',
  'main',
  ...INTERPRETER,
  'parse_json',
  'scanstring_unicode',
  'aggregate_rows',
  'PyDict_SetItem',
  'render_report',
  'PyUnicode_Format',
  'gc_collect_main',
  'PyObject_Malloc',
  'PyImport_ImportModule',
  'function__entry',
  'function__return',
] as const;

/** Probes of a CPython that was configured with --with-dtrace (Include/pydtrace.d). */
const PROBES: readonly ImageProbe[] = [
  { provider: 'python', name: 'function__entry', inside: EVAL, args: '8@%r14 8@%rdx -4@%eax' },
  { provider: 'python', name: 'function__return', inside: EVAL, args: '8@%r14 8@%rdx -4@%eax' },
  { provider: 'python', name: 'line', inside: EVAL, args: '8@%r14 8@%rdx -4@%eax', inert: true },
  { provider: 'python', name: 'gc__start', inside: 'gc_collect_main', args: '-4@%ebx' },
  { provider: 'python', name: 'gc__done', inside: 'gc_collect_main', args: '-8@-24(%rbp)' },
  { provider: 'python', name: 'import__find__load__start', inside: 'PyImport_ImportModule', args: '8@%rax' },
  {
    provider: 'python',
    name: 'import__find__load__done',
    inside: 'PyImport_ImportModule',
    args: '8@%rax -4@%r12d',
  },
];

/** First line of each function of the script. */
const LINES: Readonly<Record<string, number>> = { parse_json: 8, aggregate_rows: 21, render_report: 34 };

function isCollection(path: readonly string[]): boolean {
  return path.includes('gc_collect_main');
}

const SLICE_NS = 400_000;
const DEFAULT_CPU_NS = 2e9;
const MODULES = ['encodings/__init__', 'codecs', 'os', 'site', 'json/__init__', 'json/decoder'];

/** Start-up of CPython: it looks for its modules in several places, mostly in vain. */
function* importModules(u: UserContext): Sys<void> {
  for (const name of MODULES) {
    for (const dir of [
      '/usr/lib/python311.zip',
      '/usr/lib/python3.11',
      '/usr/local/lib/python3.11/dist-packages',
    ])
      yield* u.stat(`${dir}/${name}.py`);
    u.ownProbe('import__find__load__start', () => [u.str(name)]);
    yield* u.cpu(350_000, [...INTERPRETER, 'PyImport_ImportModule']);
    u.ownProbe('import__find__load__done', () => [u.str(name), 1]);
  }
}

/** The one script that this interpreter knows. */
const REPORT = '/srv/report.py';

/** Whether a command line runs {@link REPORT}, be it by a name relative to the current directory. */
function* runsReport(u: UserContext, script: string): Sys<boolean> {
  if (script.startsWith('/') || !REPORT.endsWith(`/${script.replace(/^\.\//, '')}`)) return script === REPORT;
  const length = yield* u.getcwd();
  const cwd = length > 1 ? u.text(u.buffer, length - 1) : '/';
  return `${cwd === '/' ? '' : cwd}/${script.replace(/^\.\//, '')}` === REPORT;
}

/** Runs the report: reads it, then computes for as long as it is told, in functions that a profile shows. */
function* main(u: UserContext): Sys {
  const [, script = '', seconds] = u.argv;
  if (!(yield* runsReport(u, script))) {
    yield* u.write(2, `python3: Python is not supported in this emulation, only ${REPORT} runs\n`);
    return 1;
  }
  yield* importModules(u);
  const fd = yield* u.open(script, O.RDONLY | O.CLOEXEC);
  if (fd >= 0) {
    yield* u.fstat(fd);
    yield* u.read(fd, 65_536);
    yield* u.close(fd);
  }
  const prng = u.k.prng.fork(`python/${u.task.pid}`);
  const budget = seconds ? Number(seconds) * 1e9 : DEFAULT_CPU_NS;
  for (let spent = 0, turn = 0; spent < budget; turn++) {
    let point = prng.below(100);
    const [, path] = HOT_FUNCTIONS.find(([share]) => (point -= share) < 0) ?? HOT_FUNCTIONS[0];
    const ns = prng.exponential(SLICE_NS);
    const call = () => [u.str(script), u.str(path[INTERPRETER.length]), LINES[path[INTERPRETER.length]] ?? 1];
    u.ownProbe(
      isCollection(path) ? 'gc__start' : 'function__entry',
      isCollection(path) ? () => [turn % 3] : call,
    );
    yield* u.cpu(ns, path);
    u.ownProbe(isCollection(path) ? 'gc__done' : 'function__return', isCollection(path) ? () => [17] : call);
    spent += ns;
    if (turn % 16 === 0) yield* u.free(yield* u.malloc(prng.between(32, 4_096)));
  }
  yield* u.write(1, 'report: 1 table, 128 rows\n');
  return 0;
}

export const PYTHON: Program = {
  name: 'python3',
  main,
  image: {
    path: '/usr/bin/python3',
    aliases: ['/bin/python3', '/usr/bin/python3.11'],
    symbols: SYMBOLS,
    entry: ['_start', 'main'],
    probes: PROBES,
  },
  libraries: ['libm', 'libz'],
};
