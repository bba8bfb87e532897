// Feeds damaged ELF and BTF files to all that probectl does with an object: parse, list, relocate, find event types,
// print as C, link statically, load into a machine. Each must end in an error or a result, soon, in bounded memory.
// usage: node tools/fuzz-objects.mjs [--seed S] [--count N] [--first I] [--slow MS] [--no-load] [--keep DIR] [FILE|DIR..]
//   --seed    same seed and files, same run (default 1)
//   --count   damaged files (default 50000)
//   --first   number of the first one, to look at one again (default 0)
//   --slow    what takes longer than this many ms is a fault (default 200)
//   --no-load leaves out relocation and the machine, where most of the time goes into the verifier
//   --keep    folder for the files that are slow or throw
//   FILE      what to damage: .o files, and BTF files as whole kernels' (default: the repository's objects)
// Needs a build (npm run build); PROBED_DIST=DIR names another one.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const lib = (path) => require(join(resolve(process.env.PROBED_DIST ?? join(root, 'dist')), 'libs', path));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '50000' },
    first: { type: 'string', default: '0' },
    slow: { type: 'string', default: '200' },
    keep: { type: 'string' },
    'no-load': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(
    'usage: node tools/fuzz-objects.mjs [--seed S] [--count N] [--first I] [--slow MS] [--no-load] [--keep DIR] [FILE|DIR..]',
  );
  process.exit(0);
}

const { Prng } = lib('foundation/base');
const { Btf, BtfBuilder, dedupBtf, dumpC, dumpRaw, mergeBtf } = lib('foundation/btf');
const { damaged } = lib('bpf/object/fixtures/damage');
const object = lib('bpf/object');
const { Machine, eventChoices } = lib('machine');
const { loadKernelImage } = lib('service/assets');

const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** One in so many of the files that BTF files make up; they are large. */
const BTF_SHARE = 50;
/** Larger BTF is not merged with itself: a kernel's takes a second. */
const MERGE_BYTES_MAX = 256 * 1024;
/** Machines are used up by what they have loaded: memory is given back, ids are not. */
const LOADS_PER_MACHINE = 2000;

function inputs(paths) {
  return paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.o'))
          .map((name) => join(path, name))
      : [path],
  );
}

const defaults = ['examples', 'libs/bpf/object/fixtures', 'libs/foundation/btf/fixtures'].map((p) =>
  join(root, p),
);
const files = inputs(positionals.length ? positionals : defaults)
  .map((path) => ({ path, bytes: new Uint8Array(readFileSync(path)) }))
  .filter(({ bytes }) => bytes.length > 0 && bytes.length <= FILE_BYTES_MAX);
const isElf = ({ bytes }) => bytes[0] === 0x7f;
const objects = files.filter(isElf);
const kernels = files.filter((file) => !isElf(file));

const image = values['no-load'] ? undefined : loadKernelImage();
const timings = new Map();
const outcomes = new Map();
let machine;
let loads = 0;

/** Runs one stage, and counts its time. */
function stage(name, run) {
  const start = performance.now();
  try {
    return run();
  } finally {
    const took = performance.now() - start;
    const row = timings.get(name) ?? { calls: 0, total: 0, max: 0 };
    timings.set(name, { calls: row.calls + 1, total: row.total + took, max: Math.max(row.max, took) });
  }
}

/** What split BTF is read on top of: a base of one type, since most ids of the damaged file then name its own. */
const base = Btf.parse(new BtfBuilder().finish()).value;

function judgeBtf(bytes) {
  const btf = stage('Btf.parse', () => Btf.parse(bytes));
  const split = stage('split BTF', () => Btf.parse(bytes, base));
  if (!btf.ok) return btf.error.code;
  stage('dumpC', () => dumpC(btf.value));
  stage('dedup', () => dedupBtf(btf.value));
  if (split.ok && bytes.length < MERGE_BYTES_MAX) stage('merge', () => mergeBtf([btf.value, split.value]));
  return 'read';
}

function judgeObject(bytes) {
  const read = stage('parseObject', () => object.parseObject(bytes, 'x.bpf.o'));
  if (!read.ok) return read.error.code;
  const spec = read.value;
  stage('debug types', () => spec.debugTypes());
  stage('variables', () => object.listVariables(spec));
  stage('event types', () => spec.maps.map((map) => object.eventTypes(spec, map)));
  stage('event names', () => eventChoices([spec], [{ map: undefined, struct: 'nothing' }]));
  if (spec.btf) {
    stage('dumpC', () => dumpC(spec.btf));
    stage('dedup', () => dedupBtf(spec.btf));
    stage('dumpRaw', () => {
      for (const _ of dumpRaw(spec.btf));
    });
  }
  if (object.linkObjects && spec.btf)
    stage('link', () =>
      object.linkObjects([
        { name: 'x.o', bytes },
        { name: 'y.o', bytes },
      ]),
    );
  if (values['no-load']) return 'read';
  if (!machine || loads++ % LOADS_PER_MACHINE === 0)
    machine = stage('machine', () => new Machine({ image, memoryLimitBytes: 128 * 1024 * 1024 }));
  const fitted = stage('relocate', () => object.relocate(spec, machine.facts));
  if (!fitted.ok) return fitted.error.code;
  const loaded = stage('load', () => machine.load({ object: spec }));
  if (!loaded.ok) return loaded.error.code;
  stage('unload', () => loaded.value.unload());
  return 'loaded';
}

function keep(number, bytes, why) {
  console.log(`#${number}: ${why}`);
  if (!values.keep) return;
  mkdirSync(values.keep, { recursive: true });
  writeFileSync(join(values.keep, `${number}.bin`), bytes);
}

const slowMs = Number(values.slow);
const first = Number(values.first);
const start = performance.now();
let faults = 0;
let rss = 0;
for (let number = first; number < first + Number(values.count); number++) {
  const prng = new Prng(Number(values.seed) * 1_000_003 + number);
  const pool = kernels.length && (number % BTF_SHARE === 0 || objects.length === 0) ? kernels : objects;
  const file = pool[prng.below(pool.length)];
  const bytes = damaged(file.bytes, prng);
  const before = performance.now();
  const stages = new Map([...timings].map(([name, { total }]) => [name, total]));
  let outcome;
  try {
    outcome = pool === kernels ? judgeBtf(bytes) : judgeObject(bytes);
  } catch (error) {
    faults++;
    outcome = 'THROWN';
    keep(number, bytes, `${basename(file.path)}: ${error.stack.split('\n').slice(0, 4).join(' | ')}`);
  }
  const took = performance.now() - before;
  if (took > slowMs && pool === objects) {
    faults++;
    const slowest = [...timings].map(
      ([name, { total }]) => `${name} ${Math.round(total - (stages.get(name) ?? 0))}`,
    );
    const most = slowest.filter((text) => Number(text.split(' ').at(-1)) > slowMs / 10);
    keep(number, bytes, `${basename(file.path)}: ${Math.round(took)} ms (${most.join(', ')}) ${outcome}`);
  }
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (number % 100 === 0) rss = Math.max(rss, process.memoryUsage.rss());
}
const seconds = ((performance.now() - start) / 1000).toFixed(1);
for (const [name, { calls, total, max }] of timings)
  console.log(
    `${name.padEnd(14)} ${calls} calls, ${(total / 1000).toFixed(1)} s, longest ${max.toFixed(0)} ms`,
  );
const ranked = [...outcomes].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${n}`);
console.log(ranked.join(', '));
console.log(
  `${values.count} files in ${seconds} s, ${Math.round(rss / 2 ** 20)} MiB at most, ${faults} faults`,
);
process.exitCode = faults ? 1 : 0;
