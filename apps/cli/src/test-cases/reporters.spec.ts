import type { TestCase } from './case';
import { jsonReporter } from './json-reporter';
import { junitReporter } from './junit';
import { prettyReporter } from './pretty';
import { type Reporter, totalsOf } from './reporter';
import type { CaseResult } from './run-case';
import { tapReporter } from './tap';

const of = (name: string, more: Partial<CaseResult>): CaseResult => ({
  test: { name, file: 'a.probed.yaml' } as TestCase,
  status: 'passed',
  failures: [],
  notes: [],
  wallMs: 12,
  records: 3,
  ...more,
});

const RESULTS = [
  of('fine', {}),
  of('bad #1 <&>', {
    status: 'failed',
    failures: [{ what: 'number of records', detail: ['- 1', '+ 2\u0001'] }],
  }),
  of('later', { status: 'skipped', reason: 'no time', wallMs: 0 }),
];

function told(reporter: Reporter): string {
  const parts = [
    reporter.begin?.(RESULTS.length),
    ...RESULTS.map((result, i) => reporter.result(result, i + 1)),
  ];
  return [...parts, reporter.end?.(RESULTS, totalsOf(RESULTS, 30))].join('');
}

test('TAP 14', () => {
  expect(told(tapReporter)).toBe(`TAP version 14
1..3
ok 1 - a.probed.yaml: fine
  ---
  duration_ms: 12.0
  ...
not ok 2 - a.probed.yaml: bad \\#1 <&>
  ---
  duration_ms: 12.0
  message: "number of records"
  severity: fail
  diff: |
    number of records
      - 1
      + 2\u0001
  ...
ok 3 - a.probed.yaml: later # SKIP no time
# pass 1
# fail 1
# skip 1
`);
});

test('JUnit', () => {
  expect(told(junitReporter)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="probectl test" tests="3" failures="1" errors="0" skipped="1" time="0.030">
  <testsuite name="a.probed.yaml" tests="3" failures="1" errors="0" skipped="1" time="0.024">
    <testcase name="fine" classname="a.probed.yaml" file="a.probed.yaml" time="0.012"/>
    <testcase name="bad #1 &lt;&amp;&gt;" classname="a.probed.yaml" file="a.probed.yaml" time="0.012">
      <failure message="number of records">number of records
  - 1
  + 2\ufffd</failure>
    </testcase>
    <testcase name="later" classname="a.probed.yaml" file="a.probed.yaml" time="0.000">
      <skipped message="no time"/>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test('for people', () => {
  expect(told(prettyReporter(false))).toBe(`a.probed.yaml
  ✓ fine 12 ms
  ✗ bad #1 <&> 12 ms
      number of records
        - 1
        + 2\u0001
  - later (no time)

1 failed, 1 passed, 1 skipped of 3 cases in 0.0 s
`);
});

test('JSON, a document a line', () => {
  const documents = told(jsonReporter)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(documents).toMatchObject([
    { type: 'case', name: 'fine', status: 'passed' },
    { name: 'bad #1 <&>', status: 'failed', failures: [{ what: 'number of records' }] },
    { name: 'later', status: 'skipped', reason: 'no time' },
    { type: 'summary', passed: 1, failed: 1, skipped: 1 },
  ]);
});
