/**
 * Random programs that do to packets what helpers allow: they load, store, grow, shrink and relabel them, follow the
 * packet pointers anew, read and write their context and two maps, and fold all that they learn into r0. Every one is
 * lawful unless the verifiers say otherwise. Text in the assembler's syntax.
 */
import type { Prng } from '@probed/base';
import { assemble, type Insn } from '@probed/isa';
import { helperByName, MapType, ProgType } from '@probed/spec';

/** A program type that runs on packets, with what its programs may do. */
export interface PacketKind {
  readonly name: string;
  readonly type: number;
  /** Direct packet access. */
  readonly reads: boolean;
  readonly writes: boolean;
  /** Context words to read and to write, by offset. */
  readonly loads: readonly number[];
  readonly stores: readonly number[];
  readonly helpers: readonly HelperCall[];
  /** Mask that makes r0 a lawful result; none when any value is. */
  readonly resultMask?: number;
}

/** Writes a call: the registers r2–r5 that it sets, with r1 the context. */
type HelperCall = (prng: Prng) => string;

/** A hash and an array, as every program may use them: key 4, value 8 bytes. */
export const PACKET_MAPS = [
  { type: MapType.ARRAY, keySize: 4, valueSize: 8, maxEntries: 4, flags: 0 },
  { type: MapType.HASH, keySize: 4, valueSize: 8, maxEntries: 8, flags: 0 },
] as const;

const EDGES = [0, 1, 2, 4, 8, 14, 16, 20, 24, 28, 33, 34, 38, 40, 50, 54, 60, 64, 100, 1000, 0xffff, 0x10000];
const WILD = [0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

function size(prng: Prng): number {
  if (prng.float() < 0.6) return prng.below(90);
  return prng.float() < 0.9 ? prng.pick(EDGES) : prng.pick(WILD);
}

/** A number that a helper takes, mostly of those given. */
function oneOf(prng: Prng, usual: readonly number[]): number {
  return prng.float() < 0.93 ? prng.pick(usual) : prng.below(512);
}

/** Something of a few bytes, signed. */
function step(prng: Prng): number {
  const bytes = prng.float() < 0.8 ? prng.pick([0, 4, 8, 14, 20, 28, 40]) : prng.below(300);
  return prng.float() < 0.5 ? bytes : -bytes;
}

const load: HelperCall = (prng) => buffer(prng, 2, size(prng), 'skb_load_bytes');
const store: HelperCall = (prng) =>
  `${buffer(prng, 2, size(prng), '')}\nr5 = ${oneOf(prng, [0, 1, 2, 3])}\ncall skb_store_bytes`;

/** Offset in a register, then pointer and size of some bytes of the stack. */
function buffer(prng: Prng, register: number, offset: number, helper: string): string {
  const bytes = prng.pick([1, 2, 4, 6, 8]);
  const lines = [
    `w${register} = ${offset}`,
    `r${register + 1} = r10`,
    `r${register + 1} += -16`,
    `r${register + 2} = ${bytes}`,
  ];
  return [...lines, ...(helper ? [`call ${helper}`] : [])].join('\n');
}

function call(name: string, ...args: readonly ((prng: Prng) => number)[]): HelperCall {
  return (prng) => [...args.map((arg, i) => `w${i + 2} = ${arg(prng)}`), `call ${name}`].join('\n');
}

const flags =
  (...usual: number[]) =>
  (prng: Prng) =>
    oneOf(prng, usual);

const LOADS: readonly HelperCall[] = [
  load,
  (prng) => `${buffer(prng, 2, size(prng), '')}\nr5 = ${oneOf(prng, [0, 1])}\ncall skb_load_bytes_relative`,
];

const word = (prng: Prng) => prng.pick([0, 1, 0xffff, 0x1234, 0xdead_beef]);

const CHECKSUMS: readonly HelperCall[] = [
  call('l3_csum_replace', size, word, word, flags(0, 2, 4)),
  call('l4_csum_replace', size, word, word, flags(0, 2, 4, 0x10, 0x12, 0x14, 0x20, 0x22, 0x62, 0x90)),
  call('csum_update', word),
  call('csum_level', flags(0, 1, 2, 3)),
];

const PULL = call('skb_pull_data', size);
const TAIL = call('skb_change_tail', size, flags(0));
const HEAD = call('skb_change_head', (prng) => prng.below(40), flags(0));

const TC_HELPERS: readonly HelperCall[] = [
  ...LOADS,
  store,
  store,
  ...CHECKSUMS,
  PULL,
  TAIL,
  HEAD,
  call('skb_change_proto', flags(0x0008, 0xdd86), flags(0)),
  call('skb_change_type', flags(0, 1, 2, 3, 4)),
  call('skb_adjust_room', step, flags(0, 1), flags(0, 0, 0, 1, 2, 4, 10, 18, 32, 128, 256)),
  call('skb_vlan_push', flags(0x0081, 0xa888), (prng) => prng.below(4096)),
  call('skb_vlan_pop'),
  call('set_hash', word),
  call('set_hash_invalid'),
  call('skb_ecn_set_ce'),
  call('get_route_realm'),
];

const XDP_HELPERS: readonly HelperCall[] = [
  call('xdp_adjust_head', step),
  call('xdp_adjust_tail', step),
  call('xdp_adjust_meta', (prng) => prng.pick([0, 4, -4, -8, 8, -32, -33, -252])),
  call('xdp_get_buff_len'),
  (prng) => buffer(prng, 2, size(prng), 'xdp_load_bytes'),
  (prng) => buffer(prng, 2, size(prng), 'xdp_store_bytes'),
];

/** len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex, cb, hash. */
const SKB_LOADS = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 52, 56, 60, 64, 68];
const CB = [48, 52, 56, 60, 64];

const P = ProgType;

export const PACKET_KINDS: readonly PacketKind[] = [
  tc('sched_cls', P.SCHED_CLS),
  tc('sched_act', P.SCHED_ACT),
  {
    name: 'cgroup_skb',
    type: P.CGROUP_SKB,
    reads: true,
    writes: false,
    loads: [...SKB_LOADS, 88, 92, 96, 100, 128, 132, 136, 164, 176],
    stores: [8, 32, ...CB],
    helpers: [...LOADS, call('skb_ecn_set_ce')],
    resultMask: 1,
  },
  {
    name: 'socket_filter',
    type: P.SOCKET_FILTER,
    reads: false,
    writes: false,
    loads: SKB_LOADS,
    stores: CB,
    helpers: LOADS,
  },
  lwt('lwt_in', P.LWT_IN, false, [load, PULL, call('get_route_realm')]),
  lwt('lwt_out', P.LWT_OUT, false, [load, PULL, call('get_route_realm')]),
  lwt('lwt_xmit', P.LWT_XMIT, true, [
    load,
    store,
    ...CHECKSUMS.slice(0, 2),
    PULL,
    TAIL,
    HEAD,
    call('set_hash_invalid'),
  ]),
  {
    name: 'xdp',
    type: P.XDP,
    reads: true,
    writes: true,
    loads: [12, 16],
    stores: [],
    helpers: XDP_HELPERS,
  },
];

function tc(name: string, type: number): PacketKind {
  const loads = [...SKB_LOADS, 44, 72, 160, 164, 176];
  const stores = [8, 32, 44, 72, ...CB];
  return { name, type, reads: true, writes: true, loads, stores, helpers: TC_HELPERS };
}

function lwt(name: string, type: number, writes: boolean, helpers: readonly HelperCall[]): PacketKind {
  return { name, type, reads: true, writes, loads: SKB_LOADS, stores: [8, 32, ...CB], helpers };
}

/** Puts a program together statement by statement; r6 is the context, r8 what has been learned. */
class PacketWriter {
  private readonly lines: string[] = [
    'r6 = r1',
    'r8 = 1',
    'r0 = 0x1122334455667788 ll',
    '*(u64 *)(r10 - 16) = r0',
  ];
  private labels = 0;

  constructor(
    private readonly prng: Prng,
    private readonly kind: PacketKind,
  ) {}

  text(statements: number): string {
    const { prng, kind } = this;
    for (let i = 0; i < statements; i++) prng.pick(this.choices)();
    const mask = kind.resultMask === undefined ? [] : [`r8 &= ${kind.resultMask}`];
    return [...this.lines, ...mask, 'r0 = r8', 'exit'].join('\n');
  }

  private get choices(): readonly (() => void)[] {
    const { kind } = this;
    const helper = () => this.helper();
    return [
      helper,
      helper,
      helper,
      () => this.contextLoad(),
      () => this.map(),
      () => this.branch(),
      ...(kind.stores.length ? [() => this.contextStore()] : []),
      ...(kind.reads ? [() => this.packet(), () => this.packet()] : []),
    ];
  }

  private fold(register: string): void {
    this.lines.push('r8 *= 31', `r8 += ${register}`);
  }

  private helper(): void {
    this.lines.push('r1 = r6', this.prng.pick(this.kind.helpers)(this.prng));
    this.fold('r0');
    this.lines.push('r1 = *(u64 *)(r10 - 16)');
    this.fold('r1');
  }

  private contextLoad(): void {
    this.lines.push(`r1 = *(u32 *)(r6 + ${this.prng.pick(this.kind.loads)})`);
    this.fold('r1');
  }

  private contextStore(): void {
    const value = this.prng.float() < 0.5 ? 'r8' : 'r7';
    this.lines.push(`r7 = ${this.prng.below(0x7fff_ffff)}`);
    this.lines.push(`*(u32 *)(r6 + ${this.prng.pick(this.kind.stores)}) = ${value}`);
  }

  /** Some bytes at a constant place, if they are there. */
  private packet(): void {
    const { prng, kind } = this;
    const [data, end] = kind.name === 'xdp' ? [0, 4] : [76, 80];
    const offset = prng.float() < 0.8 ? prng.below(60) : prng.below(300);
    const bytes = prng.pick([1, 2, 4, 8]);
    const type = `u${bytes * 8}`;
    const label = this.label();
    this.lines.push(
      `r2 = *(u32 *)(r6 + ${data})`,
      `r3 = *(u32 *)(r6 + ${end})`,
      'r4 = r2',
      `r4 += ${offset + bytes}`,
      `if r4 > r3 goto ${label}`,
      `r5 = *(${type} *)(r2 + ${offset})`,
    );
    this.fold('r5');
    if (kind.writes && prng.float() < 0.5) this.lines.push(`*(${type} *)(r2 + ${offset}) = r8`);
    this.lines.push(`${label}:`);
  }

  private map(): void {
    const { prng } = this;
    const label = this.label();
    this.lines.push(`r7 = ${prng.below(6)}`, '*(u32 *)(r10 - 4) = r7', 'r2 = r10', 'r2 += -4');
    if (prng.float() < 0.4) {
      this.lines.push('*(u64 *)(r10 - 24) = r8', 'r3 = r10', 'r3 += -24');
      this.lines.push(`r1 = map[${prng.below(2)}]`, `r4 = ${prng.pick([0, 1, 2])}`, 'call map_update_elem');
      this.fold('r0');
      return;
    }
    this.lines.push(`r1 = map[${prng.below(2)}]`, 'call map_lookup_elem', `if r0 == 0 goto ${label}`);
    this.lines.push('r1 = *(u64 *)(r0 + 0)');
    this.fold('r1');
    this.lines.push('*(u64 *)(r0 + 0) = r8', `${label}:`);
  }

  /** What follows runs for some values only. */
  private branch(): void {
    const label = this.label();
    this.lines.push('r1 = r8', `r1 &= ${this.prng.pick([1, 2, 3, 8])}`, `if r1 == 0 goto ${label}`);
    this.helper();
    this.lines.push(`${label}:`);
  }

  private label(): string {
    return `l${this.labels++}`;
  }
}

/** @param statements roughly, the helper calls, loads and stores */
export function generatePacketProgram(prng: Prng, kind: PacketKind, statements: number): Insn[] {
  const text = new PacketWriter(prng, kind).text(statements);
  const made = assemble(text, { helperId: (name) => helperByName(name)?.id });
  if (!made.ok) throw new Error(`${made.error.message}: ${made.error.where}\n${text}`);
  for (const [slot, name] of made.value.symbols) made.value.insns[slot].imm = Number(name);
  return made.value.insns;
}

const ADDRESSES = 'ffffffffffff020000000001';
const HEADERS = [
  '08004500003c000140004006b6f17f0000017f000002d4310050000000010000000050021000a1b20000',
  '0800450200280001000040113ca7c0a80001c0a80002003500350014beef',
  '86dd6020000000140640fe800000000000000000000000000001fe800000000000000000000000000002d4310050',
  '8100200308004500001c00010000400100007f0000017f000002',
  '88a8200381000005080045000014000100004001000000007f0000017f000002',
  '0806000108000604000102000000000100000000000000000000',
  '0030ffff0102030405060708',
];

/** A packet that looks like one, mostly; at least as long as the kernel wants it. */
export function generatePacket(prng: Prng): Uint8Array {
  const text = ADDRESSES + prng.pick(HEADERS);
  const bytes = Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
  for (let more = prng.below(60); more > 0; more--) bytes.push(prng.below(256));
  if (prng.float() < 0.2) bytes[prng.below(bytes.length)] = prng.below(256);
  return Uint8Array.from(bytes);
}
