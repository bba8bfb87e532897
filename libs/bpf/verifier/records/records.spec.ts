import { Btf, BtfBuilder } from '@probed/btf';
import { type MapInfo, MapType } from '@probed/spec';
import { map } from '../fixtures/run-case';
import { mapTypes } from './map-record';
import { structMetas } from './struct-metas';

function built(build: (b: BtfBuilder) => void): Btf {
  const b = new BtfBuilder();
  build(b);
  const parsed = Btf.parse(b.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const KERNEL = built((b) => {
  const int = b.int('int', 4, { signed: true });
  for (const name of ['task_struct', 'mm_struct'])
    b.struct(name, 4, [{ name: 'x', typeId: int, offsetBits: 0, bits: 0 }]);
});

/** A member: its name, its type and its offset in bytes. */
type Member = readonly [name: string, type: number, offset: number];

/** Types that a program declares. */
class Declared {
  readonly b = new BtfBuilder();
  readonly int = this.b.int('int', 4, { signed: true });
  private readonly special = new Map<string, number>();

  /** The kernel's struct of that name and size, once. */
  opaque(name: string, size: number): number {
    let id = this.special.get(name);
    if (id === undefined) {
      id = this.b.struct(name, size, [{ name: 'opaque', typeId: this.int, offsetBits: 0, bits: 0 }]);
      this.special.set(name, id);
    }
    return id;
  }

  struct(name: string, size: number, ...members: Member[]): number {
    return this.b.struct(
      name,
      size,
      members.map(([member, typeId, offset]) => ({ name: member, typeId, offsetBits: offset * 8, bits: 0 })),
    );
  }

  kptr(tag: string, target: number): number {
    return this.b.ptr(this.b.typeTag(tag, target));
  }

  get lock(): number {
    return this.opaque('bpf_spin_lock', 4);
  }

  get head(): number {
    return this.opaque('bpf_list_head', 16);
  }

  get node(): number {
    return this.opaque('bpf_list_node', 24);
  }
}

interface MapCase {
  readonly name: string;
  readonly more?: Partial<MapInfo>;
  /** Declares the value; @returns its type and its size. */
  value(d: Declared): readonly [typeId: number, size: number];
  /** `offset:kind` of its fields; undefined when loaders make the map without types. */
  readonly fields: readonly string[] | undefined;
}

const ARRAY = { type: MapType.ARRAY };

const MAP_CASES: readonly MapCase[] = [
  {
    name: 'a lock',
    value: (d) => [d.struct('v', 8, ['x', d.int, 0], ['l', d.lock, 4]), 8],
    fields: ['4:SPIN_LOCK'],
  },
  {
    name: 'a lock in a struct in the value',
    value: (d) => [d.struct('v', 8, ['x', d.int, 0], ['in', d.struct('in', 4, ['l', d.lock, 0]), 4]), 8],
    fields: ['4:SPIN_LOCK'],
  },
  {
    name: 'two locks: no record (E2BIG), yet types',
    value: (d) => [d.struct('v', 8, ['a', d.lock, 0], ['b', d.lock, 4]), 8],
    fields: [],
  },
  {
    name: 'both kinds of locks: no record (EINVAL)',
    value: (d) => [d.struct('v', 8, ['a', d.lock, 0], ['b', d.opaque('bpf_res_spin_lock', 4), 4]), 8],
    fields: [],
  },
  {
    name: 'a lock behind a typedef is none',
    value: (d) => [d.struct('v', 4, ['l', d.b.typedef('lock_t', d.lock), 0]), 4],
    fields: [],
  },
  {
    name: 'a lock at an odd offset is none',
    value: (d) => [d.struct('v', 8, ['x', d.int, 0], ['l', d.lock, 2]), 8],
    fields: [],
  },
  {
    name: 'a lock where per-CPU values can have none',
    more: { type: MapType.PERCPU_HASH },
    value: (d) => [d.struct('v', 4, ['l', d.lock, 0]), 4],
    fields: undefined,
  },
  {
    name: 'a timer in an LRU hash',
    more: { type: MapType.LRU_HASH },
    value: (d) => [d.struct('v', 16, ['t', d.opaque('bpf_timer', 16), 0]), 16],
    fields: ['0:TIMER'],
  },
  {
    name: 'an array of timers: no record (EINVAL)',
    value: (d) => [d.struct('v', 32, ['t', d.b.array(d.opaque('bpf_timer', 16), 2, d.int), 0]), 32],
    fields: [],
  },
  {
    name: 'kptrs of each kind',
    value: (d) => {
      const task = d.struct('task_struct', 4, ['x', d.int, 0]);
      const own = d.struct('own', 4, ['x', d.int, 0]);
      const members: Member[] = [
        ['u', d.kptr('kptr_untrusted', task), 0],
        ['r', d.kptr('kptr', task), 8],
        ['o', d.kptr('kptr', own), 16],
        ['p', d.kptr('percpu_kptr', own), 24],
      ];
      return [d.struct('v', 32, ...members), 32];
    },
    fields: ['0:KPTR_UNREF', '8:KPTR_REF', '16:KPTR_REF', '24:KPTR_PERCPU'],
  },
  {
    name: 'an array of kptrs',
    value: (d) => {
      const own = d.struct('own', 4, ['x', d.int, 0]);
      return [d.struct('v', 24, ['a', d.b.array(d.kptr('kptr', own), 3, d.int), 0]), 24];
    },
    fields: ['0:KPTR_REF', '8:KPTR_REF', '16:KPTR_REF'],
  },
  {
    name: 'twelve kptrs are too many (E2BIG)',
    value: (d) => {
      const own = d.struct('own', 4, ['x', d.int, 0]);
      return [d.struct('v', 96, ['a', d.b.array(d.kptr('kptr', own), 12, d.int), 0]), 96];
    },
    fields: [],
  },
  {
    name: 'a referenced kptr to what has no destructor (ENOENT)',
    value: (d) => {
      const mm = d.struct('mm_struct', 4, ['x', d.int, 0]);
      return [d.struct('v', 8, ['m', d.kptr('kptr', mm), 0]), 8];
    },
    fields: [],
  },
  {
    name: 'a list head that says what it holds',
    value: (d) => {
      d.struct('foo', 32, ['x', d.int, 0], ['n', d.node, 8]);
      const value = d.struct('v', 24, ['l', d.lock, 0], ['h', d.head, 8]);
      d.b.declTag('contains:foo:n', value, 1);
      return [value, 24];
    },
    fields: ['0:SPIN_LOCK', '8:LIST_HEAD'],
  },
  {
    name: 'a list head without its tag',
    value: (d) => [d.struct('v', 24, ['l', d.lock, 0], ['h', d.head, 8]), 24],
    fields: [],
  },
  {
    name: 'a value for programs to read only',
    more: { flags: 1 << 7 },
    value: (d) => [d.struct('v', 4, ['l', d.lock, 0]), 4],
    fields: undefined,
  },
  {
    name: 'a value of another size than declared',
    value: (d) => [d.struct('v', 4, ['l', d.lock, 0]), 8],
    fields: undefined,
  },
];

test.each(MAP_CASES)('fields of a map value: $name', ({ value, more, fields }) => {
  const d = new Declared();
  const [valueTypeId, valueSize] = value(d);
  const parsed = Btf.parse(d.b.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  const types = mapTypes(
    map('m', { ...ARRAY, keyTypeId: d.int, keySize: 4, valueTypeId, valueSize, ...more }),
    parsed.value,
    KERNEL,
  );
  expect(types.hasBtf).toBe(fields !== undefined);
  expect((types.record?.fields ?? []).map((f) => `${f.offset}:${f.kind}`)).toEqual(fields ?? []);
});

interface MetaCase {
  readonly name: string;
  declare(d: Declared): void;
  /** Names of the structs with fields, or why the kernel refuses the BTF. */
  readonly found: readonly string[] | string;
}

const META_CASES: readonly MetaCase[] = [
  { name: 'nothing special', declare: (d) => void d.struct('a', 4, ['x', d.int, 0]), found: [] },
  {
    name: 'a node and what owns it',
    declare(d) {
      d.struct('foo', 32, ['x', d.int, 0], ['n', d.node, 8]);
      const owner = d.struct('owner', 24, ['l', d.lock, 0], ['h', d.head, 8]);
      d.b.declTag('contains:foo:n', owner, 1);
    },
    found: ['foo', 'owner'],
  },
  {
    name: 'a list without a lock',
    declare(d) {
      d.struct('foo', 32, ['x', d.int, 0], ['n', d.node, 8]);
      const owner = d.struct('owner', 16, ['h', d.head, 0]);
      d.b.declTag('contains:foo:n', owner, 0);
    },
    found: 'EINVAL',
  },
  {
    name: 'a list of its own kind',
    declare(d) {
      const owner = d.struct('owner', 48, ['l', d.lock, 0], ['h', d.head, 8], ['n', d.node, 24]);
      d.b.declTag('contains:owner:n', owner, 1);
    },
    found: 'ELOOP',
  },
  {
    name: 'a node in a list and a tree without a count',
    declare: (d) => void d.struct('foo', 56, ['n', d.node, 0], ['r', d.opaque('bpf_rb_node', 32), 24]),
    found: 'EINVAL',
  },
  {
    name: 'a list of what is no struct of the program',
    declare(d) {
      const owner = d.struct('owner', 24, ['l', d.lock, 0], ['h', d.head, 8]);
      d.b.declTag('contains:foo:n', owner, 1);
    },
    found: 'ENOENT',
  },
  {
    name: 'a list head with two tags',
    declare(d) {
      d.struct('foo', 32, ['x', d.int, 0], ['n', d.node, 8]);
      const owner = d.struct('owner', 24, ['l', d.lock, 0], ['h', d.head, 8]);
      d.b.declTag('contains:foo:n', owner, 1);
      d.b.declTag('contains:foo:n', owner, 1);
    },
    found: 'EINVAL',
  },
];

test.each(META_CASES)('structs of a program: $name', ({ declare, found }) => {
  const d = new Declared();
  declare(d);
  const parsed = Btf.parse(d.b.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  const metas = structMetas(parsed.value, KERNEL);
  const names = typeof metas === 'string' ? metas : [...metas.keys()].map((id) => parsed.value.type(id).name);
  expect(names).toEqual(found);
});
