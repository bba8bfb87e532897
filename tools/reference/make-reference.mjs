// Makes the reference kernel's data from the Linux 6.18 that runs this script (root, x86-64):
//   node tools/reference/make-reference.mjs [OUTPUT-DIRECTORY]
// See README.md beside this file for what goes where and why.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gunzipSync } from 'node:zlib';
import { packSymbols, readKallsyms, withAddedSymbols } from './symbols.mjs';
import { addMissingSyscalls, packTracepointFormats, parseFormatFile } from './tracepoints.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, '../../libs/foundation/abi/data/linux-6.18-x86_64');

if (process.platform !== 'linux' || process.arch !== 'x64' || !release().startsWith('6.18.')) {
  console.error(`needs Linux 6.18 on x86-64, this is ${process.platform} ${release()} on ${process.arch}`);
  process.exit(1);
}

/** tracefs is mounted in a mount namespace of its own, so that the host sees nothing of it. */
function readFormats() {
  const copy = mkdtempSync(join(tmpdir(), 'formats-'));
  const copyAll = 'for f in */*/format; do mkdir -p "$0/$(dirname $f)" && cat "$f" > "$0/$f"; done';
  const script = `mount -t tracefs t /mnt && cd /mnt/events && ${copyAll}`;
  execFileSync('unshare', ['-m', 'sh', '-c', script, copy]);
  const formats = [];
  for (const group of readdirSync(copy).sort())
    for (const name of readdirSync(join(copy, group)).sort())
      formats.push(parseFormatFile(group, readFileSync(join(copy, group, name, 'format'), 'utf8')));
  rmSync(copy, { recursive: true });
  return formats;
}

function write(name, bytes) {
  const packed = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  writeFileSync(join(out, name), packed);
  console.log(`${name}: ${bytes.length} bytes, ${packed.length} packed`);
}

mkdirSync(out, { recursive: true });
const btf = readFileSync('/sys/kernel/btf/vmlinux');
write('vmlinux.btf.br', btf);
const formats = addMissingSyscalls(readFormats());
write('tracepoints.br', Buffer.from(packTracepointFormats(formats)));
const symbols = withAddedSymbols(readKallsyms(readFileSync('/proc/kallsyms', 'latin1')), btf);
write('symbols.br', packSymbols(symbols));
write('config.br', gunzipSync(readFileSync('/proc/config.gz')));
