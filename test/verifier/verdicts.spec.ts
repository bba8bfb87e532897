/**
 * Our verdicts on the programs of `objects/` against `verdicts.json`: errno and complaint that Linux 6.18.44 gave with
 * libbpf 1.7. `examples/build.sh test/verifier/objects` compiles the programs; `PROBED_RECORD_VERDICTS=1` asks the
 * running kernel anew and writes the file (libbpf before 1.3 knows no exception callbacks).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { complaint } from '../differential/complaint';
import { judgeOnHost } from '../differential/host-objects';
import { judgeObject, referenceHost, type Verdict } from './judge-object';

const OBJECTS = join(__dirname, 'objects');
const RECORDED = join(__dirname, 'verdicts.json');

type Verdicts = Record<string, Record<string, Verdict>>;

const files = readdirSync(OBJECTS)
  .filter((name) => name.endsWith('.bpf.o'))
  .map((name) => join(OBJECTS, name));

function record(): Verdicts {
  const judged = judgeOnHost(files);
  if (typeof judged === 'string') throw new Error(judged);
  const verdicts: Verdicts = {};
  for (const { file, program, errno, log } of judged) {
    const object = (verdicts[basename(file)] ??= {});
    object[program] = [errno, errno === 0 ? '' : complaint(log.split('\n'))];
  }
  return verdicts;
}

if (process.env['PROBED_RECORD_VERDICTS'] !== undefined) {
  writeFileSync(RECORDED, `${JSON.stringify(record(), undefined, 1)}\n`);
}

const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as Verdicts;
const facts = referenceHost();

test.each(files.map((file) => [basename(file), file]))('%s: every verdict is the kernel’s', (name, file) => {
  expect(judgeObject(file, facts)).toEqual(recorded[name]);
});

test('no object without a recorded verdict', () => {
  expect(Object.keys(recorded).sort()).toEqual(files.map((file) => basename(file)).sort());
});
