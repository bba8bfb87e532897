import { Logger, nestLogger } from './logger';

const NOW = () => new Date('2026-01-01T00:00:00Z');

function logged(level: 'warn' | 'info' | 'debug', json: boolean, say: (log: Logger) => void): string[] {
  const lines: string[] = [];
  say(new Logger({ level, json, write: (line) => lines.push(line), now: NOW }));
  return lines;
}

test('says what its level lets through, a line each', () => {
  const all = (log: Logger) => {
    for (const level of ['error', 'warn', 'info', 'debug'] as const) log[level](`${level}\n  more`);
  };
  expect(logged('warn', false, all)).toEqual(['probed: error: error more', 'probed: warn: warn more']);
  expect(logged('info', false, all).at(-1)).toBe('probed: info more');
  expect(logged('debug', false, all)).toHaveLength(4);
});

test('JSON is a document a line', () => {
  const [line] = logged('info', true, (log) => log.info('up "now"'));
  expect(JSON.parse(line)).toEqual({ time: '2026-01-01T00:00:00.000Z', level: 'info', message: 'up "now"' });
});

test("Nest's chatter is for debugging, its errors are not", () => {
  const chatter = (log: Logger) => {
    nestLogger(log).log('Mapped {/x}', 'Router');
    nestLogger(log).error(new Error('broken'));
  };
  expect(logged('info', false, chatter)).toEqual([
    expect.stringMatching(/^probed: error: Error: broken at /),
  ]);
  expect(logged('debug', false, chatter)).toHaveLength(2);
});
