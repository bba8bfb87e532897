// Compares interpreter, JIT and verifier with the running kernel on many random programs.
// usage: node tools/differential.mjs [--seed S] [--count N] [--only NAME] [--objects DIR:..] [--tables] [--words]
//   --count    programs a test (default: what the test does by default)
//   --only     one of scalar-domain, execution, verdicts, logs, soundness, objects, mutated-objects, tables
//   --objects  folders with compiled .o files, judged and mutated as well
//   --tables   ask every question about contexts, helpers, return values, sockets
//   --words    list rejects that differ in words only
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    only: { type: 'string' },
    objects: { type: 'string' },
    tables: { type: 'boolean' },
    words: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log('usage: node tools/differential.mjs [--seed S] [--count N] [--only NAME] [--objects DIR:..]');
  console.log('                                   [--tables] [--words]');
  console.log('example: npm run differential -- --seed 7 --count 10000 --only verdicts');
  process.exit(0);
}
const chosen = {
  PROBED_DIFFERENTIAL_SEED: values.seed,
  PROBED_DIFFERENTIAL_COUNT: values.count,
  PROBED_DIFFERENTIAL_OBJECTS: values.objects,
  PROBED_DIFFERENTIAL_TABLES: values.tables ? 'all' : undefined,
  PROBED_DIFFERENTIAL_VERBOSE: values.words ? '1' : undefined,
};
const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
const { status } = spawnSync(
  'npx',
  ['jest', `test/differential/${values.only ?? ''}`, `--testTimeout=${HOUR_MS}`],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...given } },
);
process.exit(status ?? 1);
