// Writes libs/service/assets/include/bpf/bpf_helper_defs.h from the helper table. Needs the built sources.
// usage: npm run build && node tools/headers/make-helper-defs.mjs
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const spec = fileURLToPath(new URL('../../dist/libs/bpf/spec/index.js', import.meta.url));
const header = fileURLToPath(
  new URL('../../libs/service/assets/include/bpf/bpf_helper_defs.h', import.meta.url),
);

if (!existsSync(spec)) {
  console.error('make-helper-defs: not built yet; run: npm run build');
  process.exit(1);
}
const { HELPERS } = require(spec);
const { renderHelperDefs } = require('./helper-defs.cjs');
writeFileSync(header, renderHelperDefs(HELPERS));
console.log(`${header}: ${HELPERS.length} helpers`);
