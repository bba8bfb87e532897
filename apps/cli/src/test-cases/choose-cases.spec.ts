import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../errors';
import { chooseCases, faultOf } from './choose-cases';

const folder = mkdtempSync(join(tmpdir(), 'probed-cases-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const one = (name: string, more = '') =>
  `  - { name: ${name}, object: x.o, expect: { lost: 0 }${more && `, ${more}`} }\n`;
const good = file('good.probed.yaml', `cases:\n${one('first')}${one('second', 'skip: too slow')}`);
const narrow = file('narrow.probed.yaml', `cases:\n${one('third', 'only: true')}`);
const bad = file('bad.probed.yaml', 'object: [');

test('a file that cannot be read is told of, and the cases of the others are there', async () => {
  const { cases, unreadable } = await chooseCases([good, bad], []);
  expect(cases.map(({ test, skip }) => [test.name, skip])).toEqual([
    ['first', undefined],
    ['second', 'too slow'],
  ]);
  expect(unreadable).toMatchObject([{ file: bad, fault: { code: 'case-file' } }]);
});

test('one that is the only one leaves out the others', async () => {
  const { cases } = await chooseCases([good, narrow], []);
  expect(cases.map(({ skip }) => skip)).toEqual(['not among the only ones', 'too slow', undefined]);
});

test('filters go by file and name, and must find something', async () => {
  expect((await chooseCases([good, narrow], ['good', 'sec'])).cases).toHaveLength(1);
  await expect(chooseCases([good], ['third'])).rejects.toThrow(/no case has "third"/);
});

test('only what is a user’s fault ends a case', () => {
  expect(faultOf(new CommandError({ code: 'x', message: 'y' }))).toEqual({ code: 'x', message: 'y' });
  expect(faultOf(Object.assign(new Error('EACCES: snap'), { code: 'EACCES' }))).toMatchObject({
    message: 'EACCES: snap',
  });
  expect(() => faultOf(new TypeError('ours'))).toThrow('ours');
});
