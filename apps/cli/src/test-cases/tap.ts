import { type Reporter, titleOf } from './reporter';
import { type CaseResult } from './run-case';

/** TAP 14 (testanything.org/tap-version-14-specification.html). */
export const tapReporter: Reporter = {
  begin: (cases) => `TAP version 14\n1..${cases}\n`,
  result: (result, number) => {
    const title = escaped(titleOf(result));
    if (result.status === 'skipped') {
      const reason = result.reason ? ` ${escaped(result.reason)}` : '';
      return `ok ${number} - ${title} # SKIP${reason}\n`;
    }
    const line = `${result.status === 'passed' ? 'ok' : 'not ok'} ${number} - ${title}\n`;
    return line + yamlBlock(result);
  },
  end: (_results, { passed, failed, skipped }) => `# pass ${passed}\n# fail ${failed}\n# skip ${skipped}\n`,
};

/** `#` would begin a directive. */
function escaped(text: string): string {
  return text.replace(/[\\#]/g, (char) => `\\${char}`).replace(/\s+/g, ' ');
}

function yamlBlock({ failures, wallMs }: CaseResult): string {
  const lines = ['  ---', `  duration_ms: ${wallMs.toFixed(1)}`];
  if (failures.length > 0) {
    lines.push(
      `  message: ${JSON.stringify(failures.map(({ what }) => what).join('; '))}`,
      '  severity: fail',
      '  diff: |',
    );
    for (const { what, detail } of failures)
      lines.push(`    ${what}`, ...detail.map((line) => `      ${line}`));
  }
  return `${[...lines, '  ...'].join('\n')}\n`;
}
