import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as library from 'probed';

const DOCS = join(__dirname, '../../docs/library.md');

interface Block {
  readonly heading: string;
  readonly line: number;
  readonly code: string;
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { line: number; lines: string[] } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    if (open && line === '```') {
      blocks.push({ heading, line: open.line, code: open.lines.join('\n') });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (line === '```js') open = { line: i + 1, lines: [] };
    else heading = /^#+ (.*)/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

const nodeModule = createRequire(__filename);
const modules = (name: string): unknown => (name === 'probed' ? library : nodeModule(name));

/** A block as the body of an async function: its imports are what it is given. */
function compile(code: string): (use: typeof modules, check: typeof expect) => Promise<void> {
  const body = code.replace(/^import (\{[^}]*\}) from ('[^']+');$/gm, 'const $1 = use($2);');
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => ReturnType<typeof compile>;
  return new AsyncFunction('use', 'expect', body);
}

const blocks = blocksOf(readFileSync(DOCS, 'utf8'));

test('the guide has examples', () => {
  expect(blocks.length).toBeGreaterThan(10);
});

test.each(blocks.map(({ heading, line, code }) => [`${heading} (line ${line})`, code] as const))(
  '%s',
  async (_place, code) => {
    await compile(code)(modules, expect);
    expect.hasAssertions();
  },
);
