import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');

/** Runs the layer check on a small tree with this checkout's compiler settings. */
function checkLayers(files: Readonly<Record<string, string>>): { status: number; output: string } {
  const dir = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    cpSync(join(ROOT, 'tsconfig.json'), join(dir, 'tsconfig.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    for (const [path, text] of Object.entries({ ...SOUND, ...files })) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    const output = execFileSync('node', [join(ROOT, 'tools/check-layers.mjs'), dir], { stdio: 'pipe' });
    return { status: 0, output: output.toString() };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { status, output: stderr.toString() };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const SOUND = {
  'apps/cli/src/main.ts': "import { machine } from '@probed/machine';\nconsole.log(machine);\n",
  'libs/machine/index.ts': "import { base } from '@probed/base';\nexport const machine = base;\n",
  'libs/foundation/base/index.ts': "export { base } from './inner';\n",
  'libs/foundation/base/inner.ts': 'export const base = 1;\n',
  'libs/bpf/maps/index.ts': 'export const maps = 1;\n',
  'libs/kernel/system/index.ts': 'export const system = 1;\n',
};

describe('the layer check', () => {
  it('accepts a sound tree', () => {
    expect(checkLayers({})).toMatchObject({ status: 0 });
  });

  it.each([
    ['kernel importing bpf', 'libs/kernel/system/index.ts', "export { maps } from '@probed/maps';\n"],
    ['bpf importing kernel', 'libs/bpf/maps/index.ts', "export { system } from '@probed/system';\n"],
    [
      'foundation importing upwards',
      'libs/foundation/base/index.ts',
      "export { maps } from '@probed/maps';\n",
    ],
    ['a deep import', 'libs/bpf/maps/index.ts', "export { base } from '../../foundation/base/inner';\n"],
    ['a Node API in a pure lib', 'libs/bpf/maps/index.ts', "export { readFileSync } from 'node:fs';\n"],
    [
      'a sibling that the table does not allow',
      'libs/foundation/abi/index.ts',
      "export { memory } from '@probed/memory';\n",
    ],
    [
      'a type-only import upwards',
      'libs/foundation/base/index.ts',
      "import type { maps } from '@probed/maps';\nexport type T = typeof maps;\n",
    ],
  ])('fails on %s', (_what, path, text) => {
    const extra = { [path]: text, 'libs/foundation/memory/index.ts': 'export const memory = 1;\n' };
    const { status, output } = checkLayers(extra);
    expect(status).toBe(1);
    expect(output).toContain(path);
  });

  it('fails on a cycle', () => {
    const cycle = {
      'libs/foundation/base/inner.ts': "import { other } from './other';\nexport const base = () => other;\n",
      'libs/foundation/base/other.ts': "import { base } from './inner';\nexport const other = () => base;\n",
    };
    expect(checkLayers(cycle)).toMatchObject({ status: 1, output: expect.stringContaining('no-cycle') });
  });
});
