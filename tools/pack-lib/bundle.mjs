// The library's code, one file a module system.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

/** ES modules have no __dirname, by which the library finds its data. */
const ESM_BANNER = `import { dirname as __dirnameOf } from 'node:path';
import { fileURLToPath as __pathOf } from 'node:url';
const __dirname = __dirnameOf(__pathOf(import.meta.url));`;

const OUTPUTS = [
  { format: 'es', file: 'index.mjs', banner: ESM_BANNER },
  { format: 'cjs', file: 'index.cjs', banner: '' },
];

export async function bundle(root, out, dependencies) {
  const { paths } = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8')).jsc;
  const alias = Object.entries(paths)
    .filter(([name]) => name.startsWith('@'))
    .map(([find, [file]]) => ({ find, replacement: join(root, file) }));
  for (const { format, file, banner } of OUTPUTS) {
    await build({
      configFile: false,
      root,
      logLevel: 'warn',
      publicDir: false,
      resolve: { alias },
      build: {
        outDir: out,
        emptyOutDir: false,
        minify: false,
        target: 'node20',
        reportCompressedSize: false,
        lib: { entry: join(root, 'libs/sdk/index.ts'), formats: [format], fileName: () => file },
        rolldownOptions: {
          external: [/^node:/, ...dependencies],
          treeshake: { moduleSideEffects: false },
          output: { banner, keepNames: true, codeSplitting: false },
        },
      },
    });
  }
}
