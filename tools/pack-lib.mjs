// Writes the public library as a package of its own: ES module, CommonJS, types, the data it needs, and the tarball.
// usage: node tools/pack-lib.mjs [--out FOLDER]     (default dist/package; the tarball lies beside it)
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './pack-lib/bundle.mjs';
import { writeTypes } from './pack-lib/types.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** What the library imports and does not bring along. */
const DEPENDENCIES = ['rxjs'];
/** Files that the library reads while it runs, where it looks for them. */
const DATA = ['libs/foundation/abi/data/linux-6.18-x86_64'];

function packageFile() {
  const conditions = {
    import: { types: './index.d.mts', default: './index.mjs' },
    require: { types: './index.d.ts', default: './index.cjs' },
  };
  return {
    name: 'probed',
    version: own.version,
    description:
      'Run and test eBPF programs on an emulated Linux kernel: no root, no VM, the same result every time',
    keywords: ['ebpf', 'bpf', 'testing', 'libbpf', 'linux', 'tracing', 'emulator'],
    license: own.license,
    type: 'commonjs',
    engines: own.engines,
    main: './index.cjs',
    module: './index.mjs',
    types: './index.d.ts',
    exports: {
      '.': conditions,
      './examples/*': './examples/*',
      './package.json': './package.json',
    },
    sideEffects: false,
    dependencies: Object.fromEntries(DEPENDENCIES.map((name) => [name, own.dependencies[name]])),
  };
}

function copyExamples(out) {
  const from = join(root, 'examples');
  for (const name of readdirSync(from)) {
    if (!statSync(join(from, name)).isDirectory()) continue;
    cpSync(join(from, name), join(out, 'examples', name), { recursive: true });
  }
  cpSync(join(from, 'README.md'), join(out, 'examples', 'README.md'));
}

async function main() {
  const at = process.argv.indexOf('--out');
  const out = resolve(at > 0 ? process.argv[at + 1] : join(root, 'dist/package'));
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await bundle(root, out, DEPENDENCIES);
  writeTypes(root, out);
  for (const folder of DATA) cpSync(join(root, folder), join(out, folder), { recursive: true });
  copyExamples(out);
  cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
  cpSync(join(root, 'tools/pack-lib/README.md'), join(out, 'README.md'));
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(packageFile(), null, 2)}\n`);
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', dirname(out)], {
    cwd: out,
    encoding: 'utf8',
  });
  const [{ filename, size }] = Object.values(JSON.parse(packed));
  console.log(`${join(dirname(out), filename)} (${(size / 1e6).toFixed(1)} MB)`);
}

await main();
