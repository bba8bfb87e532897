// Makes the constant tables of @probed/abi (TypeScript) from the running Linux 6.18 and the UAPI headers:
//   node tools/reference/make-tables.mjs
// Needs bpftool, clang, python3 and linux-libc-dev; see README.md beside this file.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADDED_SYSCALLS } from './added-syscalls.mjs';
import {
  ANONYMOUS_TABLES,
  ENUM_TABLES,
  KERNEL_ENUM_TABLES,
  MACRO_HEADERS,
  MACRO_TABLES,
} from './table-list.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../../libs/foundation/abi');
const run = (command, args, input) =>
  execFileSync(command, args, {
    input,
    encoding: 'latin1',
    maxBuffer: 1 << 30,
    stdio: ['pipe', 'pipe', 'inherit'],
  });

function write(file, source, body) {
  writeFileSync(
    join(out, file),
    `// Made by tools/reference/make-tables.mjs from ${source}; do not edit.\n\n${body}`,
  );
}

/** One table as TypeScript; `entries` are [key, value] in order. */
function table(name, doc, entries) {
  const lines = entries.map(
    ([key, value]) => `  ${/^[A-Za-z_]\w*$/.test(key) ? key : `'${key}'`}: ${value},`,
  );
  return `/** ${doc} */\nexport const ${name} = {\n${lines.join('\n')}\n} as const;\n`;
}

// ---- enums out of the kernel's own BTF
const btf = JSON.parse(
  run('bpftool', ['-j', 'btf', 'dump', 'file', '/sys/kernel/btf/vmlinux', 'format', 'raw']),
);
const enums = btf.types.filter((t) => t.kind === 'ENUM' || t.kind === 'ENUM64');
const strip = (key, prefix) => (prefix && key.startsWith(prefix) ? key.slice(prefix.length) : key);
const counters = /^__|_MAX$|^MAX_|^NR_|_MAX_STATES$/;

function enumTable({ table: name, enum: tag, prefix = '', drop, doc }) {
  const found = enums.find((t) => t.name === tag || (tag.includes('=') && holds(t, tag)));
  if (!found) throw new Error(`no enum ${tag}`);
  const values = found.values.filter((v) => !(drop ?? counters).test(v.name));
  return table(
    name,
    doc,
    values.map((v) => [strip(v.name, prefix), v.val]),
  );
}

/** `NAME=value` picks the anonymous enum that has that enumerator. */
function holds(t, tag) {
  const [name, value] = tag.split('=');
  return t.name === '(anon)' && t.values.some((v) => v.name === name && String(v.val) === value);
}

/** All enumerators of anonymous enums of bpf.h whose name has the prefix, as one table. */
function anonymousTable({ table: name, pattern, prefix, doc }) {
  const entries = new Map();
  for (const t of enums)
    if (t.name === '(anon)')
      for (const v of t.values) if (pattern.test(v.name) && !entries.has(v.name)) entries.set(v.name, v.val);
  return table(
    name,
    doc,
    [...entries].map(([key, value]) => [strip(key, prefix), value]),
  );
}

write(
  'bpf-constants.ts',
  'the BTF of a running Linux 6.18 (include/uapi/linux/bpf.h, perf_event.h)',
  [...ENUM_TABLES.map(enumTable), ...ANONYMOUS_TABLES.map(anonymousTable)].join('\n'),
);
write(
  'kernel-constants.ts',
  'the BTF of a running Linux 6.18 (enums of the kernel itself)',
  KERNEL_ENUM_TABLES.map(enumTable).join('\n'),
);

// ---- macros out of the UAPI headers
function macroTables() {
  const source = MACRO_HEADERS.map((h) => `#include <${h}>\n`).join('');
  const defines = run('clang-19', ['-E', '-dM', '-D_GNU_SOURCE', '-x', 'c', '-'], source);
  const names = [...defines.matchAll(/^#define (\w+) \S/gm)].map((m) => m[1]).sort();
  const wanted = MACRO_TABLES.map((t) => ({
    ...t,
    names: names.filter((n) => t.match.test(n) && !t.except?.test(n)),
  }));
  const program = `#include <stdio.h>\n${source}int main(void){${wanted
    .flatMap((t) => t.names)
    .map((n) => `printf("%s %lld\\n", "${n}", (long long)(${n}));`)
    .join('\n')}}`;
  const folder = mkdtempSync(join(tmpdir(), 'macros-'));
  writeFileSync(join(folder, 'm.c'), program);
  run('clang-19', ['-w', '-D_GNU_SOURCE', '-o', join(folder, 'm'), join(folder, 'm.c')]);
  const values = new Map(
    run(join(folder, 'm'), [])
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
  rmSync(folder, { recursive: true });
  return wanted.map(({ table: name, prefix, doc, names: keys, add = [] }) => {
    const rows = [...keys.map((key) => [strip(key, prefix), Number(values.get(key))]), ...add];
    rows.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
    return table(name, doc, rows);
  });
}
write('uapi-constants.ts', 'the UAPI headers of x86-64', macroTables().join('\n'));

// ---- errno
const errnoScript = `
import errno, os, re
for number in range(1, 134):
    if number == 133: print('133|EHWPOISON|' + os.strerror(133))
    elif number in errno.errorcode: print(number, {11: 'EAGAIN', 35: 'EDEADLK', 95: 'EOPNOTSUPP'}.get(number, errno.errorcode[number]), os.strerror(number), sep='|')`;
const user = run('python3', ['-c', errnoScript])
  .trim()
  .split('\n')
  .map((line) => line.split('|'));
/** include/linux/errno.h: never seen by user space through a system call's result, except ENOTSUPP by accident. */
const INTERNAL = {
  ERESTARTSYS: 512,
  ERESTARTNOINTR: 513,
  ERESTARTNOHAND: 514,
  ENOIOCTLCMD: 515,
  ERESTART_RESTARTBLOCK: 516,
  EPROBE_DEFER: 517,
  EOPENSTALE: 518,
  ENOPARAM: 519,
  EBADHANDLE: 521,
  ENOTSYNC: 522,
  EBADCOOKIE: 523,
  ENOTSUPP: 524,
  ETOOSMALL: 525,
  ESERVERFAULT: 526,
  EBADTYPE: 527,
  EJUKEBOX: 528,
  EIOCBQUEUED: 529,
  ERECALLCONFLICT: 530,
  ENOGRACE: 531,
};
const quote = (text) => `'${text.replace(/'/g, "\\'")}'`;
const errnoRows = [
  ...user.map(([number, name, message]) => `  ['${name}', ${number}, ${quote(message)}],`),
  ...Object.entries(INTERNAL).map(([name, number]) => `  ['${name}', ${number}, ''],`),
];
write(
  'errno-rows.ts',
  "errno.h and strerror(3); numbers from 512 are the kernel's own (include/linux/errno.h)",
  `/** Name, number, message of strerror(3). */\nexport const ERRNO_ROWS = [\n${errnoRows.join('\n')}\n] as const;\n`,
);

// ---- system calls
/** User-visible name → SYSCALL_DEFINE name, where they differ (arch/x86/entry/syscalls/syscall_64.tbl). */
const RENAMED = {
  stat: 'newstat',
  fstat: 'newfstat',
  lstat: 'newlstat',
  uname: 'newuname',
  sendfile: 'sendfile64',
  umount2: 'umount',
};
/** Newer than the headers of the machine that makes the tables; the numbers were taken from a trace of 6.18. */
const NEWER = {
  uretprobe: 335,
  uprobe: 336,
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
};

function syscallArgs() {
  const copy = mkdtempSync(join(tmpdir(), 'syscalls-'));
  const loop = 'for f in sys_enter_*/format; do cat "$f" > "$0/$(dirname $f)"; done';
  execFileSync('unshare', [
    '-m',
    'sh',
    '-c',
    `mount -t tracefs t /mnt && cd /mnt/events/syscalls && ${loop}`,
    copy,
  ]);
  const args = new Map(ADDED_SYSCALLS.map((row) => [row.define, row.args]));
  for (const file of readdirSync(copy)) {
    const fields = [...readFileSync(join(copy, file), 'utf8').matchAll(/^\tfield:(.*?);\toffset:(\d+);/gm)];
    args.set(
      file.replace('sys_enter_', ''),
      fields
        .filter((f) => Number(f[2]) >= 16)
        .map((f) => f[1])
        .join(', '),
    );
  }
  rmSync(copy, { recursive: true });
  return args;
}

function syscallRows() {
  const header = run('clang-19', ['-E', '-dM', '-x', 'c', '-'], '#include <asm/unistd_64.h>\n');
  const numbers = new Map(Object.entries(NEWER));
  for (const [, name, number] of header.matchAll(/^#define __NR_(\w+) (\d+)$/gm))
    numbers.set(name, Number(number));
  const args = syscallArgs();
  const rows = [...numbers]
    .sort((a, b) => a[1] - b[1])
    .map(([name, number]) => {
      const define = RENAMED[name] ?? name;
      return args.has(define) ? [number, name, define, args.get(define)] : [number, name, '', ''];
    });
  const unused = [...args.keys()].filter((define) => !rows.some((row) => row[2] === define));
  if (unused.length) throw new Error(`system calls without a number: ${unused}`);
  return rows.map(([number, ...texts]) => `  [${number}, ${texts.map(quote).join(', ')}],`);
}
write(
  'syscall-rows.ts',
  'asm/unistd_64.h and the tracefs of a running Linux 6.18',
  `/** Number, user-visible name, SYSCALL_DEFINE name ('' when not implemented), parameters. */
export const SYSCALL_ROWS: readonly (readonly [number, string, string, string])[] = [\n${syscallRows().join('\n')}\n];\n`,
);
