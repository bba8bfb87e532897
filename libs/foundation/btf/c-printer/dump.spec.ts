import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Btf } from '../btf';
import { BtfBuilder } from '../builder';
import { everyKind, parsed } from '../fixtures/every-kind';
import { dumpRaw } from '../raw-printer';
import { type DumpCOptions, dumpC } from './dump';

const CLANG = 'clang-19';
const VMLINUX = '/sys/kernel/btf/vmlinux';

function print(btf: Btf, options: DumpCOptions = { header: false }): string {
  const text = dumpC(btf, { sorted: false, ...options });
  if (!text.ok) throw new Error(text.error.message);
  return text.value;
}

/** C text of what a builder wrote, one line a definition, white space squeezed. */
function printed(write: (b: BtfBuilder) => void): string[] {
  const b = new BtfBuilder();
  write(b);
  const text = print(parsed(b.finish()));
  return text
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) => part.replace(/\s+/g, ' '));
}

function has(tool: string): boolean {
  return spawnSync(tool, ['--version']).status === 0;
}

/** Compiles for BPF; the errors. */
function compile(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'btf-'));
  try {
    writeFileSync(join(folder, 'a.c'), source);
    const run = spawnSync(CLANG, ['-target', 'bpf', '-fsyntax-only', '-Werror', join(folder, 'a.c')]);
    return run.stderr.toString().slice(0, 4000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Assertions on the size and the plain members of every struct and union whose tag is its own. */
function* layoutAssertions(btf: Btf): Generator<string> {
  for (const kind of ['struct', 'union'] as const) {
    for (const id of btf.idsOfKind(kind)) {
      const type = btf.type(id);
      if (!('members' in type) || type.name === '' || btf.findAllByName(type.name).length > 1) continue;
      // The compiler brings its own va_list, which on BPF is a pointer.
      if (type.members.some(({ typeId }) => btf.type(typeId).name === 'va_list')) continue;
      const tag = `${kind} ${type.name}`;
      yield `_Static_assert(sizeof(${tag}) == ${type.size}, "");`;
      for (const { name, bits, offsetBits } of type.members) {
        if (name === '' || bits > 0) continue;
        yield `_Static_assert(__builtin_offsetof(${tag}, ${name}) == ${offsetBits / 8}, "");`;
      }
    }
  }
}

describe('prints', () => {
  it.each<[string, (b: BtfBuilder) => void, string[]]>([
    [
      'a struct after what it holds',
      (b) => {
        b.struct('outer', 4, [{ name: 'in', typeId: 2, offsetBits: 0 }]);
        b.struct('inner', 4, [{ name: 'a', typeId: 3, offsetBits: 0 }]);
        b.int('int', 4, { signed: true });
      },
      ['struct inner { int a; };', 'struct outer { struct inner in; };'],
    ],
    [
      'a declaration before a pointer to it, but none of itself',
      (b) => {
        b.struct('a', 16, [
          { name: 'b', typeId: 2, offsetBits: 0 },
          { name: 'a', typeId: 4, offsetBits: 64 },
        ]);
        b.ptr(3);
        b.struct('b', 8, [{ name: 'a', typeId: 4, offsetBits: 0 }]);
        b.ptr(1);
      },
      ['struct b;', 'struct a { struct b *b; struct a *a; };', 'struct b { struct a *a; };'],
    ],
    [
      'a typedef that its own struct uses',
      (b) => {
        b.struct('list', 8, [{ name: 'next', typeId: 2, offsetBits: 0 }]);
        b.ptr(b.nextId + 1);
        b.typedef('list_t', 1);
      },
      ['struct list;', 'typedef struct list list_t;', 'struct list { list_t *next; };'],
    ],
    [
      'declarators inside out',
      (b) => {
        const int = b.int('int', 4, { signed: true });
        const proto = b.funcProto(b.ptr(b.const(int)), [
          { name: '', typeId: b.ptr(0) },
          { name: 'n', typeId: int },
          { name: '', typeId: 0 },
        ]);
        b.typedef('table', b.array(b.ptr(proto), 4, int));
        b.typedef('rows', b.ptr(b.array(int, 3, int)));
        b.typedef('fixed', b.const(b.ptr(b.volatile(b.const(int)))));
        b.typedef('nothing', b.ptr(b.funcProto(0, [{ name: '', typeId: 0 }])));
        b.typedef('strict', b.restrict(b.ptr(int)));
        b.typedef('fn', b.funcProto(b.ptr(b.funcProto(int, [])), []));
      },
      [
        'typedef const int * (*table[4])(void *, int n, ...);',
        'typedef int (*rows)[3];',
        'typedef const volatile int * const fixed;',
        'typedef void (*nothing)(void);',
        'typedef int * restrict strict;',
        'typedef int (*fn(void))(void);',
      ],
    ],
    [
      'type tags behind what they tag',
      (b) => {
        const fwd = b.fwd('cgroup', 'struct');
        b.typedef('rcu_cgroup', b.ptr(b.typeTag('rcu', b.const(fwd))));
        b.typedef('arena', b.ptr(b.typeTag('address_space(1)', 0, true)));
      },
      [
        'struct cgroup;',
        'typedef const struct cgroup __attribute__((btf_type_tag("rcu"))) *rcu_cgroup;',
        'typedef void __attribute__((address_space(1))) *arena;',
      ],
    ],
    [
      'second types of a name as flavours, and a declaration under the name of its definition',
      (b) => {
        b.fwd('dup', 'struct');
        b.struct('dup', 0, []);
        b.struct('dup', 0, []);
        b.union('dup', 0, []);
        b.typedef('name', 2);
        b.typedef('name', 3);
        b.enum('', 4, [{ name: 'name', value: 1 }]);
      },
      [
        'struct dup;',
        'struct dup {};',
        'struct dup___2 {};',
        'union dup___3 {};',
        'typedef struct dup name;',
        'typedef struct dup___2 name___2;',
        'enum { name___3 = 1, };',
      ],
    ],
    [
      'enums of every size and sign',
      (b) => {
        b.enum('one', 1, [{ name: 'A', value: 1 }]);
        b.enum('two', 2, [{ name: 'B', value: 1 }]);
        b.enum('four', 4, [{ name: 'C', value: -1 }]);
        b.enum('eight', 8, [{ name: 'D', value: 1 }]);
        b.enum64('signed64', 8, [{ name: 'E', value: -(2n ** 40n) }]);
        b.enum64('unsigned64', 8, [{ name: 'F', value: 2n ** 63n }]);
        b.enum('none', 4, []);
      },
      [
        'enum one { A = 1, } __attribute__((mode(byte)));',
        'enum two { B = 1, } __attribute__((mode(HI)));',
        'enum four { C = -1, };',
        'enum eight { D = 1, } __attribute__((mode(word)));',
        'enum signed64 { E = -1099511627776LL, };',
        'enum unsigned64 { F = 9223372036854775808ULL, };',
        'enum none;',
      ],
    ],
    [
      'bit fields, gaps, packed structs, padded ends and unions',
      (b) => {
        const int = b.int('int', 4, { signed: true });
        const u8 = b.int('unsigned char', 1);
        const u64 = b.int('long unsigned int', 8);
        b.struct('bits', 12, [
          { name: 'a', typeId: int, offsetBits: 0, bits: 3 },
          { name: 'b', typeId: int, offsetBits: 8, bits: 4 },
          { name: 'c', typeId: int, offsetBits: 32, bits: 30 },
          { name: 'd', typeId: int, offsetBits: 64, bits: 30 },
        ]);
        b.struct('packed', 9, [
          { name: 'a', typeId: u8, offsetBits: 0 },
          { name: 'b', typeId: u64, offsetBits: 8 },
        ]);
        b.struct('aligned', 64, [
          { name: 'a', typeId: u8, offsetBits: 0 },
          { name: 'b', typeId: u64, offsetBits: 256 },
        ]);
        b.union('wide', 16, [{ name: 'a', typeId: u8, offsetBits: 0 }]);
      },
      [
        'struct bits { int a: 3; char: 5; int b: 4; int: 20; int c: 30; long: 2; int d: 30; };',
        'struct packed { unsigned char a; long unsigned int b; } __attribute__((packed));',
        'struct aligned { unsigned char a; long: 64; long: 64; long: 64; long unsigned int b; long: 64; long: 64; long: 64; };',
        'union wide { unsigned char a; struct { long: 64; long: 64; }; };',
      ],
    ],
    [
      'anonymous types where they are used, and enums that nobody uses',
      (b) => {
        const int = b.int('int', 4, { signed: true });
        const anon = b.struct('', 4, [{ name: 'a', typeId: int, offsetBits: 0 }]);
        const choice = b.enum('', 4, [{ name: 'YES', value: 1 }]);
        b.struct('s', 12, [
          { name: '', typeId: anon, offsetBits: 0 },
          { name: 'n', typeId: anon, offsetBits: 32 },
          { name: 'c', typeId: choice, offsetBits: 64 },
        ]);
        b.typedef('anon_t', anon);
        b.enum('', 4, [{ name: 'LONELY', value: 9 }]);
      },
      [
        'struct s { struct { int a; }; struct { int a; } n; enum { YES = 1, } c; };',
        'typedef struct { int a; } anon_t;',
        'enum { LONELY = 9, };',
      ],
    ],
    [
      'members without a name whose type has one, which C would take for declarations, written out',
      (b) => {
        const int = b.int('int', 4, { signed: true });
        b.struct('outer', 12, [
          { name: '', typeId: b.nextId + 1, offsetBits: 0 },
          { name: '', typeId: b.nextId + 3, offsetBits: 64 },
        ]);
        b.struct('inner', 8, [
          { name: 'a', typeId: int, offsetBits: 0 },
          { name: 'next', typeId: b.nextId + 1, offsetBits: 32 },
        ]);
        b.union('either', 4, [{ name: 'c', typeId: int, offsetBits: 0 }]);
        b.typedef('either_t', b.nextId - 1);
      },
      [
        'union either { int c; };',
        'struct inner { int a; union either next; };',
        'typedef union either either_t;',
        'struct outer { struct { int a; union either next; }; union { int c; }; };',
      ],
    ],
    [
      "names of compilers' own and of other languages",
      (b) => {
        const sizetype = b.int('ssizetype', 8, { signed: true });
        const u32 = b.int('u32', 4);
        b.struct('Option<u32>', 16, [
          { name: '0', typeId: sizetype, offsetBits: 0 },
          { name: 'int', typeId: u32, offsetBits: 64 },
        ]);
        b.typedef('u32', u32);
      },
      [
        'typedef long long ssizetype;',
        'typedef unsigned int u32;',
        'struct Option_u32_ { ssizetype _0; u32 int_; };',
        'typedef u32 u32___2;',
      ],
    ],
  ])('%s', (_what, write, expected) => {
    const lines = printed(write);
    expect(lines).toEqual(expected);
    if (has(CLANG)) expect(compile(lines.join('\n'))).toBe('');
  });

  it('only the roots and what they need', () => {
    const btf = parsed(everyKind());
    const text = print(btf, { header: false, roots: [btf.findByName('flags_t')!] });
    expect(text).toBe('typedef volatile unsigned int flags_t;\n\n');
  });

  it('a header with guard, CO-RE attribute and kfuncs', () => {
    const text = print(parsed(everyKind()), {});
    expect(text.startsWith('#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n')).toBe(true);
    expect(text).toContain(
      '#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)',
    );
    expect(text).toContain(
      'extern int handle(struct event __attribute__((btf_type_tag("rcu"))) e, ...) __weak __ksym;',
    );
    expect(text.endsWith('#endif /* __VMLINUX_H__ */\n')).toBe(true);
  });

  it('nothing of tags, even in a circle', () => {
    const b = new BtfBuilder();
    b.declTag('a', 2);
    b.declTag('b', 1);
    b.typedef('t', b.int('int', 4, { signed: true }));
    expect(print(parsed(b.finish()), { header: false, sorted: true })).toBe('typedef int t;\n\n');
  });

  it('no type that C cannot have', () => {
    const b = new BtfBuilder();
    b.struct('', 8, [{ name: 'self', typeId: 2, offsetBits: 0 }]);
    b.ptr(3);
    b.typedef('self_t', 1);
    expect(dumpC(parsed(b.finish()))).toMatchObject({ ok: false, error: { code: 'btf-unprintable' } });
  });

  it('every kind so that clang lays it out alike', () => {
    if (!has(CLANG)) return console.log(`skipped: ${CLANG} is not installed`);
    const btf = parsed(everyKind());
    expect(compile([print(btf), ...layoutAssertions(btf)].join('\n'))).toBe('');
  });
});

describe("the host's kernel", () => {
  const there = existsSync(VMLINUX);
  const btf = there ? parsed(new Uint8Array(readFileSync(VMLINUX))) : undefined;

  it('prints as C that clang lays out alike', () => {
    if (!btf || !has(CLANG)) return console.log(`skipped: needs ${VMLINUX} and ${CLANG}`);
    const assertions = [...layoutAssertions(btf)];
    expect(assertions.length).toBeGreaterThan(10_000);
    expect(compile([print(btf, {}), ...assertions].join('\n'))).toBe('');
  });

  it('prints raw as bpftool does', () => {
    if (!btf || !has('bpftool')) return console.log(`skipped: needs ${VMLINUX} and bpftool`);
    const reference = execFileSync('bpftool', ['btf', 'dump', 'file', VMLINUX], { maxBuffer: 1 << 28 });
    const text = [...dumpRaw(btf)].join('\n');
    expect(text === reference.toString().trimEnd()).toBe(true);
  });
});
