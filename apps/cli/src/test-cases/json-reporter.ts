import type { Reporter } from './reporter';

/** One JSON document a line: `{type: "case"}` each, `{type: "summary"}` at the end. */
export const jsonReporter: Reporter = {
  result: ({ test, status, reason, failures, notes, records, wallMs }) =>
    `${JSON.stringify({
      type: 'case',
      file: test.file,
      name: test.name,
      status,
      ...(reason !== undefined && { reason }),
      failures,
      notes,
      records,
      wall_ms: Number(wallMs.toFixed(1)),
    })}\n`,
  end: (_results, { passed, failed, skipped, wallMs }) =>
    `${JSON.stringify({ type: 'summary', passed, failed, skipped, wall_ms: Number(wallMs.toFixed(1)) })}\n`,
};
