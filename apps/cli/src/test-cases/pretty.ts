import { counted } from '../output/facts';
import type { Reporter } from './reporter';
import type { CaseResult } from './run-case';

const MARKS: Readonly<Record<CaseResult['status'], string>> = { passed: '✓', failed: '✗', skipped: '-' };
const COLOURS: Readonly<Record<CaseResult['status'], string>> = { passed: '32', failed: '31', skipped: '33' };

/** For people at a terminal. */
export function prettyReporter(colour: boolean): Reporter {
  const paint = (code: string, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  let file = '';
  return {
    result: (result) => {
      const { test, status, reason, wallMs } = result;
      const heading = test.file === file ? '' : `${file ? '\n' : ''}${test.file}\n`;
      file = test.file;
      const why = reason ? ` (${reason})` : '';
      const time = status === 'skipped' ? '' : ` ${paint('2', `${wallMs.toFixed(0)} ms`)}`;
      const line = `  ${paint(COLOURS[status], MARKS[status])} ${test.name}${why}${time}\n`;
      return heading + line + detailOf(result, paint);
    },
    end: (_results, { passed, failed, skipped, wallMs }) => {
      const parts = [`${passed} passed`];
      if (failed) parts.unshift(paint('31', `${failed} failed`));
      if (skipped) parts.push(`${skipped} skipped`);
      return `\n${parts.join(', ')} of ${counted(passed + failed + skipped, 'case')} in ${(wallMs / 1000).toFixed(1)} s\n`;
    },
  };
}

function detailOf({ failures, notes }: CaseResult, paint: (code: string, text: string) => string): string {
  const lines = failures.flatMap(({ what, detail }) => [
    `      ${what}`,
    ...detail.map(
      (line) =>
        `        ${line.startsWith('- ') ? paint('31', line) : line.startsWith('+ ') ? paint('32', line) : line}`,
    ),
  ]);
  if (failures.length > 0) lines.push(...notes.map((note) => `      note: ${note}`));
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}
