import fc from 'fast-check';
import type { Btf } from '../btf';
import { BtfBuilder } from '../builder';
import { everyKind, parsed } from '../fixtures/every-kind';
import { randomBtf } from '../fixtures/random-btf';
import { concatBtf, mergeBtf } from '../merge';
import { dumpRaw } from '../raw-printer';
import { type DedupOptions, dedupBtf } from './dedup';

function dedup(bytes: Uint8Array, options?: DedupOptions): Uint8Array {
  const result = dedupBtf(parsed(bytes), options);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Raw lines of what is left of types that a builder wrote. */
function left(write: (b: BtfBuilder) => void): string[] {
  const b = new BtfBuilder();
  write(b);
  return [...dumpRaw(parsed(dedup(b.finish())))];
}

const member = (name: string, typeId: number, offsetBits = 0) => ({ name, typeId, offsetBits });

describe('keeps one of', () => {
  it.each<[string, (b: BtfBuilder) => void, string[]]>([
    [
      'base types alike, not of those that differ in a bit',
      (b) => {
        b.int('int', 4, { signed: true });
        b.int('int', 4, { signed: true });
        b.int('int', 4);
        b.float('double', 8);
        b.float('double', 8);
      },
      [
        "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED",
        "[2] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=(none)",
        "[3] FLOAT 'double' size=8",
      ],
    ],
    [
      'an enum and its declaration, whichever comes first',
      (b) => {
        b.enum('e', 4, []);
        b.enum('e', 4, [{ name: 'A', value: 1 }]);
        b.enum('e', 4, []);
        b.ptr(1);
        b.ptr(3);
      },
      ["[1] ENUM 'e' encoding=UNSIGNED size=4 vlen=1", "\t'A' val=1", "[2] PTR '(anon)' type_id=1"],
    ],
    [
      'chains of references',
      (b) => {
        for (let i = 0; i < 2; i++) {
          const int = b.int('int', 4, { signed: true });
          b.typedef('t', b.ptr(b.const(b.array(int, 3, int))));
        }
      },
      [
        "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED",
        "[2] ARRAY '(anon)' type_id=1 index_type_id=1 nr_elems=3",
        "[3] CONST '(anon)' type_id=2",
        "[4] PTR '(anon)' type_id=3",
        "[5] TYPEDEF 't' type_id=4",
      ],
    ],
    [
      'structs that point to themselves',
      (b) => {
        for (let i = 0; i < 2; i++) {
          b.struct('list', 8, [member('next', b.nextId + 1)]);
          b.ptr(b.nextId - 1);
        }
      },
      ["[1] STRUCT 'list' size=8 vlen=1", "\t'next' type_id=2 bits_offset=0", "[2] PTR '(anon)' type_id=1"],
    ],
    [
      'a struct and its declaration in another unit, by way of those that use them',
      (b) => {
        b.fwd('inner', 'struct');
        b.struct('outer', 8, [member('in', b.nextId + 1)]);
        b.ptr(1);
        const int = b.int('int', 4, { signed: true });
        const inner = b.struct('inner', 4, [member('a', int)]);
        b.struct('outer', 8, [member('in', b.nextId + 1)]);
        b.ptr(inner);
      },
      [
        "[1] STRUCT 'outer' size=8 vlen=1",
        "\t'in' type_id=2 bits_offset=0",
        "[2] PTR '(anon)' type_id=4",
        "[3] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED",
        "[4] STRUCT 'inner' size=4 vlen=1",
        "\t'a' type_id=3 bits_offset=0",
      ],
    ],
    [
      'a declaration that nothing ties to its definition but the name',
      (b) => {
        b.ptr(b.fwd('u', 'union'));
        b.union('u', 0, []);
      },
      ["[1] PTR '(anon)' type_id=2", "[2] UNION 'u' size=0 vlen=0"],
    ],
    [
      'variables and sections each',
      (b) => {
        const int = b.int('int', 4);
        const twice = [b.var('v', int), b.var('v', int)];
        b.datasec('.data', 8, [{ typeId: twice[0], offset: 0, size: 4 }]);
        b.datasec('.data', 8, [{ typeId: twice[1], offset: 0, size: 4 }]);
      },
      [
        "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=(none)",
        "[2] VAR 'v' type_id=1, linkage=global",
        "[3] VAR 'v' type_id=1, linkage=global",
        "[4] DATASEC '.data' size=8 vlen=1",
        "\ttype_id=2 offset=0 size=4 (VAR 'v')",
        "[5] DATASEC '.data' size=8 vlen=1",
        "\ttype_id=3 offset=0 size=4 (VAR 'v')",
      ],
    ],
  ])('%s', (_what, write, expected) => {
    expect(left(write).map((line) => line.trimEnd())).toEqual(expected);
  });
});

describe('keeps apart', () => {
  it.each<[string, (b: BtfBuilder) => void, number]>([
    [
      'a declaration of another kind than the type of its name',
      (b) => [b.fwd('s', 'union'), b.struct('s', 0, [])],
      2,
    ],
    [
      'a declaration whose name two types have',
      (b) => {
        b.fwd('s', 'struct');
        b.struct('s', 0, []);
        b.struct('s', 4, []);
      },
      3,
    ],
    [
      'structs whose members differ only in what they point to',
      (b) => {
        for (const name of ['a', 'b']) {
          const int = b.int(name, 4);
          b.struct('s', 8, [member('p', b.nextId + 1)]);
          b.ptr(int);
        }
      },
      6,
    ],
    [
      'type tags of other words, attributes from tags',
      (b) => {
        const int = b.int('int', 4);
        b.typeTag('user', int);
        b.typeTag('rcu', int);
        b.typeTag('rcu', int, true);
      },
      4,
    ],
  ])('%s', (_what, write, count) => {
    const b = new BtfBuilder();
    write(b);
    expect(parsed(dedup(b.finish())).typeCount - 1).toBe(count);
  });
});

it('takes one of several identical types of a unit for the other', () => {
  // Compilers repeat an array type within a unit: both members of the second struct have types of their own.
  const unit = (b: BtfBuilder, repeat: boolean) => {
    const int = b.int('int', 4, { signed: true });
    const first = b.array(int, 2, int);
    const second = repeat ? b.array(int, 2, int) : first;
    b.struct('s', 16, [member('a', first), member('b', second, 64)]);
  };
  const lines = left((b) => {
    unit(b, false);
    unit(b, true);
  });
  expect(lines.filter((line) => line.includes('STRUCT'))).toHaveLength(1);
});

it('drops strings that nothing uses and tells the new offsets and ids to who asks', () => {
  const b = new BtfBuilder();
  b.int('int', 4);
  const unused = b.string('unused');
  const line = b.string('return 0;');
  const second = b.int('int', 4);
  const told: Record<string, number> = {};
  const bytes = dedup(b.finish(), {
    outside: {
      strings: (rewrite) => {
        told.line = rewrite(line);
      },
      typeIds: (rewrite) => {
        told.second = rewrite(second);
      },
    },
  });
  const btf = parsed(bytes);
  expect(unused).toBeGreaterThan(0);
  expect(btf.string(told.line)).toBe('return 0;');
  expect(told.second).toBe(1);
  expect(Buffer.from(bytes).includes('unused')).toBe(false);
});

it('merges BTF with itself to itself', () => {
  const btf = parsed(everyKind());
  const merged = mergeBtf([btf, btf, btf]);
  if (!merged.ok) throw new Error(merged.error.message);
  const kinds = (of: Btf) => Array.from({ length: of.typeCount }, (_, id) => of.kind(id)).sort();
  const plain = kinds(parsed(dedup(everyKind()))).filter((kind) => kind !== 'var' && kind !== 'datasec');
  expect(kinds(parsed(merged.value)).filter((kind) => kind !== 'var' && kind !== 'datasec')).toEqual(plain);
});

it('refuses tags in a circle', () => {
  const b = new BtfBuilder();
  b.declTag('a', 2);
  b.declTag('b', 1);
  expect(dedupBtf(parsed(b.finish()))).toMatchObject({
    ok: false,
    error: { code: 'btf-dedup', message: expect.stringContaining('refers to itself') },
  });
});

/** What a named struct or union looks like to a program. */
function layouts(btf: Btf): Set<string> {
  const found = new Set<string>();
  for (const kind of ['struct', 'union'] as const)
    for (const id of btf.idsOfKind(kind)) {
      const type = btf.type(id);
      if (!('members' in type) || type.name === '') continue;
      const text = type.members.map(({ name, typeId, offsetBits }) => {
        const { kind: of, name: typeName } = btf.resolve(typeId);
        return `${name}@${offsetBits}:${btf.sizeOf(typeId)}:${of === 'fwd' ? 'struct' : of}:${typeName}`;
      });
      found.add(`${kind} ${type.name} ${type.size} ${btf.alignOf(id)} ${text}`);
    }
  return found;
}

describe('whatever the types', () => {
  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(randomBtf, (bytes) => {
        const once = dedup(bytes);
        const text = (of: Uint8Array) => [...dumpRaw(parsed(of))].join('\n');
        return text(dedup(once)) === text(once);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the layout of every named type', () => {
    fc.assert(
      fc.property(randomBtf, (bytes) => {
        const twice = parsed(concatBtf([parsed(bytes), parsed(bytes)]));
        const result = dedupBtf(twice);
        if (!result.ok) return false;
        const [before, after] = [layouts(twice), layouts(parsed(result.value))];
        return before.size === after.size && [...before].every((layout) => after.has(layout));
      }),
      { numRuns: 500 },
    );
  });
});
