import type { Reporter } from './reporter';
import type { CaseResult } from './run-case';

/** JUnit's XML as CI systems read it: a suite a file, a case a case. */
export const junitReporter: Reporter = {
  result: () => '',
  end: (results, { failed, skipped, wallMs }) => {
    const counts = `tests="${results.length}" failures="${failed}" errors="0" skipped="${skipped}"`;
    const files = [...new Set(results.map(({ test }) => test.file))];
    const suites = files.map((file) =>
      suite(
        file,
        results.filter(({ test }) => test.file === file),
      ),
    );
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuites name="probectl test" ${counts} time="${seconds(wallMs)}">`,
      ...suites,
      '</testsuites>\n',
    ].join('\n');
  },
};

function suite(file: string, results: readonly CaseResult[]): string {
  const count = (status: CaseResult['status']) => results.filter((result) => result.status === status).length;
  const time = results.reduce((sum, { wallMs }) => sum + wallMs, 0);
  const counts = `tests="${results.length}" failures="${count('failed')}" errors="0" skipped="${count('skipped')}"`;
  return [
    `  <testsuite name="${xml(file)}" ${counts} time="${seconds(time)}">`,
    ...results.map(testCase),
    '  </testsuite>',
  ].join('\n');
}

function testCase({ test, status, reason, failures, wallMs }: CaseResult): string {
  const open = `    <testcase name="${xml(test.name)}" classname="${xml(test.file)}" file="${xml(test.file)}" time="${seconds(wallMs)}"`;
  if (status === 'passed') return `${open}/>`;
  if (status === 'skipped')
    return `${open}>\n      <skipped message="${xml(reason ?? '')}"/>\n    </testcase>`;
  const message = failures.map(({ what }) => what).join('; ');
  const text = failures
    .flatMap(({ what, detail }) => [what, ...detail.map((line) => `  ${line}`)])
    .join('\n');
  return `${open}>\n      <failure message="${xml(message)}">${xml(text)}</failure>\n    </testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 has no way to write become U+FFFD. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (char) => ENTITIES[char]);
}
