/**
 * What the kernel allows each program type, asked exhaustively: context accesses of every offset and size, every
 * helper with several kinds of arguments and capabilities, return values, fields of sockets. One small program a
 * question; verdict and complaint must be the running kernel's. `PROBED_DIFFERENTIAL_TABLES=all` asks them all (minutes); by default every 101st. The first
 * `PROBED_DIFFERENTIAL_SHOWN` (40) differences are listed; what our verifier refuses by name is not counted. Without Linux,
 * root and bpf(2) it says so in a line and passes.
 */
import { BPF_CLASS, BPF_JMP_OP, BPF_MODE, BPF_SIZE, type Insn } from '@probed/isa';
import { ProgType } from '@probed/spec';
import { callHelper, exit, insn, ldMap, load, movImm, movReg, store, storeImm } from './emitter';
import type { ProgramKind } from './emulated';
import { PROGRAM_KINDS } from './program-kinds';
import { askAll, type Question, TABLE_TIMEOUT_MS } from './questions';

const TC: ProgramKind = { type: ProgType.SCHED_CLS, attachType: 0 };

const SIZES = [BPF_SIZE.B, BPF_SIZE.H, BPF_SIZE.W, BPF_SIZE.DW];
/** Past the end of every context but the tracing ones, which have no fixed one. */
const CONTEXT_BYTES = 232;

const returning = (...insns: Insn[]): Insn[] => [...insns, movImm(0, 1), exit()];

function* contextQuestions(): Generator<Question> {
  for (const one of PROGRAM_KINDS) {
    for (let off = 0; off < CONTEXT_BYTES; off++) {
      for (const size of SIZES) {
        const at = `size ${size.toString(16)} at ${off}`;
        yield { what: `read ${at}`, kind: one, insns: returning(load(size, 2, 1, off)) };
        yield { what: `write ${at}`, kind: one, insns: returning(movImm(2, 0), store(size, 1, off, 2)) };
        yield { what: `write constant ${at}`, kind: one, insns: returning(storeImm(size, 1, off, 1)) };
      }
    }
  }
}

const HELPER_IDS = 212;

/** Ways to fill r1 to r5 before a call. */
const ARGUMENTS: readonly { readonly name: string; readonly insns: readonly Insn[] }[] = [
  { name: 'nothing but the context', insns: [] },
  { name: 'the context and zeroes', insns: [2, 3, 4, 5].map((reg) => movImm(reg, 0)) },
  { name: 'zeroes', insns: [1, 2, 3, 4, 5].map((reg) => movImm(reg, 0)) },
  {
    name: 'stack pointers',
    insns: [1, 2, 3, 4, 5].flatMap((reg) => [
      storeImm(BPF_SIZE.DW, 10, -8 * reg, 0),
      ...stackPointer(reg, -8 * reg),
    ]),
  },
  {
    name: 'the context, stack, sizes',
    insns: [
      storeImm(BPF_SIZE.DW, 10, -8, 0),
      storeImm(BPF_SIZE.DW, 10, -16, 0),
      ...stackPointer(2, -16),
      movImm(3, 8),
      ...stackPointer(4, -8),
      movImm(5, 8),
    ],
  },
  {
    name: 'the stack, a size, the stack, a size',
    insns: [
      storeImm(BPF_SIZE.DW, 10, -8, 0),
      storeImm(BPF_SIZE.DW, 10, -16, 0),
      ...stackPointer(1, -16),
      movImm(2, 8),
      ...stackPointer(3, -8),
      movImm(4, 8),
      movImm(5, 0),
    ],
  },
  {
    name: 'an array, keys and values',
    insns: [
      ...[-8, -16, -24, -32, -40, -48, -56, -64, -72].map((off) => storeImm(BPF_SIZE.DW, 10, off, 0)),
      ...ldMap(1, 0),
      ...stackPointer(2, -8),
      ...stackPointer(3, -72),
      movImm(4, 0),
      movImm(5, 0),
    ],
  },
  {
    name: 'the context, an array, numbers',
    insns: [...ldMap(2, 0), movImm(3, 0), ...zeroedPointer(4), movImm(5, 8)],
  },
];

function stackPointer(reg: number, off: number): Insn[] {
  return [movReg(reg, 10), insn(BPF_CLASS.ALU64, reg, 0, 0, off)];
}

function zeroedPointer(reg: number): Insn[] {
  return [storeImm(BPF_SIZE.DW, 10, -8, 0), ...stackPointer(reg, -8)];
}

function* helperQuestions(): Generator<Question> {
  for (const one of PROGRAM_KINDS) {
    for (let id = 0; id < HELPER_IDS; id++) {
      for (const { name, insns } of ARGUMENTS) {
        yield { what: `helper ${id} with ${name}`, kind: one, insns: returning(...insns, callHelper(id)) };
      }
    }
  }
}

const RETURNED = [-1, 0, 1, 2, 3, 4, 5, 100];

function* returnQuestions(): Generator<Question> {
  for (const one of PROGRAM_KINDS) {
    for (const value of RETURNED) {
      yield { what: `return ${value}`, kind: one, insns: [movImm(0, value), exit()] };
    }
    const random = insn(BPF_CLASS.LDX | BPF_MODE.MEM | BPF_SIZE.W, 0, 1, 0, 0);
    yield { what: 'return the first word of the context', kind: one, insns: [random, exit()] };
  }
}

const HELPER = { skLookupTcp: 84, skRelease: 86, skFullsock: 95, tcpSock: 96 } as const;
const SKB_SK = 168;
const SOCKET_BYTES = 128;
const ifNull = (reg: number, skipped: number) => insn(BPF_CLASS.JMP | BPF_JMP_OP.JEQ, reg, 0, skipped, 0);

/** A socket of each type in r6 around `use`, an instruction that must leave r6 alone. */
const SOCKETS: readonly { readonly name: string; around(use: Insn): Insn[] }[] = [
  {
    name: 'bpf_sock',
    around: (use) => [
      ...[-8, -16].map((off) => storeImm(BPF_SIZE.DW, 10, off, 0)),
      ...stackPointer(2, -16),
      movImm(3, 12),
      movImm(4, -1),
      movImm(5, 0),
      callHelper(HELPER.skLookupTcp),
      ifNull(0, 5),
      movReg(6, 0),
      movImm(2, 0),
      use,
      movReg(1, 6),
      callHelper(HELPER.skRelease),
    ],
  },
  {
    name: 'bpf_sock_common',
    around: (use) => [load(BPF_SIZE.DW, 6, 1, SKB_SK), movImm(2, 0), ifNull(6, 1), use],
  },
  {
    name: 'bpf_tcp_sock',
    around: (use) => [
      load(BPF_SIZE.DW, 1, 1, SKB_SK),
      ifNull(1, 7),
      callHelper(HELPER.skFullsock),
      ifNull(0, 5),
      movReg(1, 0),
      callHelper(HELPER.tcpSock),
      ifNull(0, 2),
      movReg(6, 0),
      use,
    ],
  },
];

function* socketQuestions(): Generator<Question> {
  for (const { name, around } of SOCKETS) {
    for (let off = 0; off < SOCKET_BYTES; off++) {
      for (const size of SIZES) {
        const at = `of ${name}, size ${size.toString(16)} at ${off}`;
        yield { what: `read ${at}`, kind: TC, insns: returning(...around(load(size, 3, 6, off))) };
        yield { what: `write ${at}`, kind: TC, insns: returning(...around(storeImm(size, 6, off, 0))) };
      }
    }
  }
}

const CAPABILITIES: readonly (readonly string[])[] = [
  ['CAP_BPF'],
  ['CAP_PERFMON'],
  ['CAP_BPF', 'CAP_PERFMON'],
  ['CAP_BPF', 'CAP_NET_ADMIN'],
  ['CAP_BPF', 'CAP_PERFMON', 'CAP_NET_ADMIN'],
  ['CAP_SYS_ADMIN'],
];

/** Types that anybody may load, but only where `kernel.unprivileged_bpf_disabled` is 0, which is rare. */
const UNPRIVILEGED: ReadonlySet<number> = new Set([ProgType.SOCKET_FILTER, ProgType.CGROUP_SKB]);

function* capabilityQuestions(): Generator<Question> {
  for (const one of PROGRAM_KINDS) {
    for (const caps of CAPABILITIES) {
      if (UNPRIVILEGED.has(one.type) && caps[0] === 'CAP_PERFMON') continue;
      const kind = { ...one, caps };
      yield { what: 'nothing', kind, insns: returning() };
      for (let id = 0; id < HELPER_IDS; id++) {
        yield { what: `helper ${id}`, kind, insns: returning(...ARGUMENTS[1].insns, callHelper(id)) };
      }
    }
  }
}

const QUESTIONS: readonly [name: string, ask: () => Generator<Question>][] = [
  ['context accesses', contextQuestions],
  ['helpers', helperQuestions],
  ['return values', returnQuestions],
  ['socket fields', socketQuestions],
  ['capabilities', capabilityQuestions],
];

test.each(QUESTIONS)('%s', (_name, ask) => askAll(ask), TABLE_TIMEOUT_MS);
