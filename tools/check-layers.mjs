// Checks the imports of every source file against tools/layers.json, with dependency-cruiser.
// usage: node tools/check-layers.mjs [--json] [DIR]   (DIR: another checkout to check; default this one)
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { layerRules } from './layer-rules.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log('usage: node tools/check-layers.mjs [DIR]\nexample: npm run check:layers');
  process.exit(0);
}
const root = resolve(args.find((a) => !a.startsWith('-')) ?? join(here, '..'));
process.chdir(root);

const table = JSON.parse(readFileSync(join(here, 'layers.json'), 'utf8'));
const { output } = await cruise(
  ['apps', 'libs'],
  {
    ruleSet: { forbidden: layerRules(table) },
    validate: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(root, 'tsconfig.json') },
    exclude: { path: '(^|/)(node_modules|dist|dashboard/dist)/|(\\.spec|/testing)\\.ts$' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.json'] },
  },
  undefined,
  { tsConfig: extractTSConfig(join(root, 'tsconfig.json')) },
);
const { violations, totalCruised } = output.summary;
for (const v of violations) console.error(`${v.rule.name}: ${v.from} -> ${v.to}`);
console.log(`layers: ${totalCruised} files, ${violations.length} violations`);
process.exit(violations.length ? 1 : 0);
