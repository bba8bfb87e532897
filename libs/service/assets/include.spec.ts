import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { Btf, dumpC } from '@probed/btf';
import { HELPERS, type HelperProto } from '@probed/spec';
import { bundledIncludeDir, loadReferenceKernel } from './index';

const ROOT = join(__dirname, '../../..');
const { arity, readPrototypes, renderHelperDefs } = require(join(ROOT, 'tools/headers/helper-defs.cjs')) as {
  arity(params: string): number;
  readPrototypes(): Map<string, { ret: string; params: string }>;
  renderHelperDefs(helpers: readonly HelperProto[]): string;
};

describe('bundledIncludeDir', () => {
  test.each(['bpf_helpers.h', 'bpf_helper_defs.h', 'bpf_core_read.h', 'bpf_tracing.h', 'bpf_endian.h'])(
    'has bpf/%s',
    (name) => {
      expect(isAbsolute(bundledIncludeDir())).toBe(true);
      expect(readFileSync(join(bundledIncludeDir(), 'bpf', name), 'utf8')).toMatch(
        /^\/\* SPDX-License-Identifier: Apache-2.0 \*\/\n/,
      );
    },
  );
});

describe('bpf_helper_defs.h', () => {
  test('is what tools/headers/make-helper-defs.mjs makes of the helper table', () => {
    expect(readFileSync(join(bundledIncludeDir(), 'bpf/bpf_helper_defs.h'), 'utf8')).toBe(
      renderHelperDefs(HELPERS),
    );
  });

  test('a prototype takes as many arguments as the table says', () => {
    /** Its arguments beyond the format are `...`; its prototype without the sk_buff is that of tracing programs. */
    const exceptions = new Set(['trace_printk', 'get_cgroup_classid']);
    const prototypes = readPrototypes();
    const wrong = HELPERS.filter(
      ({ name, args, uncheckedArgs = 0 }) =>
        arity(prototypes.get(name)!.params) !== args.length + uncheckedArgs && !exceptions.has(name),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('a helper without a prototype and a prototype without a helper are refused', () => {
    const unknown: HelperProto = { ...HELPERS[0]!, id: 212, name: 'not_a_helper' };
    expect(() => renderHelperDefs([...HELPERS, unknown])).toThrow('no prototype of helper 212, not_a_helper');
    expect(() => renderHelperDefs(HELPERS.slice(1))).toThrow('no helper is named map_lookup_elem');
  });
});

const first = (names: string[]) => names.find((name) => spawnSync(name, ['--version']).status === 0);
const clang = first(['clang-19', 'clang']);
const objdump = first(['llvm-objdump-19', 'llvm-objdump']);

/** Generated code is equal by construction only for the version whose macros were compared. */
function systemLibbpf(): string | undefined {
  const version = '/usr/include/bpf/libbpf_version.h';
  if (!existsSync(version)) return undefined;
  return /MAJOR_VERSION 1\n.*MINOR_VERSION 1\n/s.test(readFileSync(version, 'utf8'))
    ? '/usr/include/bpf'
    : undefined;
}

const folder = mkdtempSync(join(tmpdir(), 'include-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sources = ['tools/headers/corpus', 'examples']
  .flatMap((root) =>
    readdirSync(join(ROOT, root), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(ROOT, root, file),
    ),
  )
  .filter((path) => path.endsWith('.bpf.c'))
  .map((path) => [basename(path, '.bpf.c'), path]);

/** Programs that use what libbpf 1.1 does not have. */
const NEWER = new Set(['modern', 'bitfields']);

const FLAGS = ['-g', '-O2', '-target', 'bpf', '-mcpu=v3', '-D__TARGET_ARCH_x86'];
const PRECOMPILED = join(folder, 'vmlinux.pch');

function compile(source: string, headers: string, object: string, ...more: string[]): string {
  const include = ['-I', folder, '-I', headers, '-idirafter', '/usr/include/x86_64-linux-gnu'];
  const flags = [...FLAGS, ...include, ...more];
  const { stderr } = spawnSync(clang!, [...flags, '-c', source, '-o', object], { encoding: 'utf8' });
  return stderr;
}

/** Instructions with their relocations, CO-RE's included, section by section. */
const disassemble = (object: string): string =>
  execFileSync(objdump!, ['-d', '-r', '--no-show-raw-insn', object], { encoding: 'utf8' }).replace(
    /^.*file format.*$/m,
    '',
  );

function compileText(text: string, ...more: string[]): string {
  const source = join(folder, 'text.bpf.c');
  writeFileSync(source, text);
  return compile(source, bundledIncludeDir(), join(folder, 'text.o'), ...more);
}

if (!clang || !objdump)
  test('compiles programs', () => console.info('skipped: needs clang and llvm-objdump'));
else
  describe('the headers', () => {
    const libbpf = systemLibbpf();
    const theirs = join(folder, 'theirs');

    beforeAll(() => {
      const btf = Btf.parse(loadReferenceKernel().btf);
      const header = btf.ok ? dumpC(btf.value) : btf;
      if (!header.ok) throw new Error(header.error.message);
      writeFileSync(join(folder, 'vmlinux.h'), header.value);
      execFileSync(clang, [...FLAGS, '-x', 'c-header', join(folder, 'vmlinux.h'), '-o', PRECOMPILED]);
      execFileSync('mkdir', [theirs]);
      if (libbpf) symlinkSync(libbpf, join(theirs, 'bpf'));
      else console.info('skipped: comparing with libbpf 1.1, which is not installed');
    });

    test.each(sources)('%s compiles without a warning, to what libbpf makes of it', (name, source) => {
      const ours = join(folder, `${name}.o`);
      const precompiled = readFileSync(source, 'utf8').includes('"vmlinux.h"')
        ? ['-include-pch', PRECOMPILED]
        : [];
      expect(compile(source, bundledIncludeDir(), ours, '-Wall', '-Werror', ...precompiled)).toBe('');
      if (!libbpf || NEWER.has(name)) return;
      const reference = join(folder, `${name}.libbpf.o`);
      expect(compile(source, theirs, reference, ...precompiled)).toBe('');
      expect(disassemble(ours)).toBe(disassemble(reference));
    });

    test('the kinds of CO-RE relocations', () => {
      const object = join(folder, 'runqlat.o');
      compile(sources.find(([name]) => name === 'runqlat')![1]!, bundledIncludeDir(), object);
      const kinds = [...disassemble(object).matchAll(/CO-RE <(\w+)>/g)].map((match) => match[1]);
      expect([...new Set(kinds)].sort()).toEqual(
        'byte_off byte_sz enumval_exists enumval_value field_exists local_type_id target_type_id type_exists type_matches type_size'.split(
          ' ',
        ),
      );
    });

    const PROBE = '#include "vmlinux.h"\n#include <bpf/bpf_tracing.h>\n';

    test('BPF_PROBE_READ calls bpf_probe_read_kernel, where libbpf 1.1 called bpf_probe_read', () => {
      const body =
        'SEC("raw_tp") int p(struct file **ctx) { return BPF_PROBE_READ(ctx[0], f_inode, i_uid.val); }';
      expect(compileText(PROBE + body)).toBe('');
      expect(disassemble(join(folder, 'text.o')).match(/call 0x71\b/g)).toHaveLength(2);
    });

    test.each([
      [
        'an argument on the stack',
        'SEC("kprobe") int BPF_KPROBE(p, int a, int b, int c, int d, int e, int f, int g) { return g; }',
        [],
        'on x86-64 only six arguments are in registers',
      ],
      [
        'a second return value',
        'SEC("kretprobe") int BPF_KRETPROBE(p, int a, int b) { return b; }',
        [],
        '___bpf_retval_1',
      ],
      [
        'another machine',
        '',
        ['-U__TARGET_ARCH_x86', '-D__TARGET_ARCH_arm64'],
        'know the registers of x86-64 only',
      ],
      [
        'a strong kfunc',
        'extern void f(void) __ksym; SEC("tc") int p(void *c) { return bpf_ksym_exists(f); }',
        [],
        'f should be marked as __weak',
      ],
      [
        'code that must be unreachable',
        'SEC("tc") int p(int *c) { if (*c) __bpf_unreachable(); return 0; }',
        [],
        'abort',
      ],
    ])('refuse %s', (_, body, flags, message) => {
      expect(compileText(PROBE + body, ...flags)).toContain(message);
    });

    test('take x86-64 for granted', () => {
      const body =
        'SEC("kprobe") int p(struct pt_regs *ctx) { return PT_REGS_PARM4(ctx) + PT_REGS_PARM4_SYSCALL(ctx); }';
      expect(compileText(PROBE + body, '-U__TARGET_ARCH_x86')).toBe('');
      const code = disassemble(join(folder, 'text.o'));
      expect(code).toContain('(r1 + 0x58)');
      expect(code).toContain('(r1 + 0x38)');
    });

    test('name the registers of <asm/ptrace.h> without vmlinux.h', () => {
      const text = '#include <linux/bpf.h>\n#include <linux/ptrace.h>\n#include <bpf/bpf_tracing.h>\n';
      const body =
        'SEC("kprobe") int BPF_KPROBE(p, int a, int b) { return a + b + PT_REGS_RC(ctx) + PT_REGS_IP(ctx); }';
      expect(compileText(text + body)).toBe('');
    });
  });
