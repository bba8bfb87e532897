import { HELPERS } from '@probed/spec';
import { IMPLEMENTATIONS } from './registry';
import { TestKernel } from './testing';

/** Executors lower these themselves. */
const INSTRUCTIONS = ['tail_call'];

test('the table says that a helper is supported exactly when it has an implementation', () => {
  const declared = HELPERS.filter((row) => row.support !== 'none').map((row) => row.name);
  expect([...IMPLEMENTATIONS.keys(), ...INSTRUCTIONS].sort()).toEqual(declared.sort());
});

test('a partly supported helper says what is missing', () => {
  for (const row of HELPERS) if (row.support === 'partial') expect(row.note).toMatch(/\w/);
});

test('an unsupported helper has none', () => {
  expect(() => new TestKernel().helper('sk_lookup_tcp')).toThrow('sk_lookup_tcp has no implementation');
});
