import { diagnostic, err, ok, type Result } from '@probed/base';
import type { LoadedProgram } from '@probed/runtime';
import { ProgType, programType } from '@probed/spec';
import { inContextOf } from '@probed/system';
import { AttachedProgram } from '../attach/attached-program';
import type { Machine } from '../machine';
import type { FireSite } from './fire-context';

/** What `BPF_PROG_TEST_RUN` is given. */
export interface TestRunInput {
  /** XDP, TC and socket filter programs: the packet, from its Ethernet header on. */
  readonly packet?: Uint8Array;
  /** The context as the program sees it: words of a raw tracepoint, the buffer of a syscall program. */
  readonly ctx?: Uint8Array;
}

/** What it gives back. */
export interface TestRunOutput {
  /** r0, low 32 bits, unsigned. */
  readonly ret: number;
  /** The packet as the program left it. */
  readonly packet?: Uint8Array;
  /** The context as the program left it. */
  readonly ctx?: Uint8Array;
}

/** XDP_PACKET_HEADROOM (include/uapi/linux/bpf.h), and as much behind. */
const HEADROOM_BYTES = 256;
/** ETH_HLEN; test_run refuses shorter ones (net/bpf/test_run.c: bpf_test_init). */
const PACKET_BYTES_MIN = 14;
const PACKET_BYTES_MAX = 65_535;
const CONTEXT_BYTES_MAX = 65_535;
const RAW_TP_WORDS_BYTES = 96;
/** A test run hangs at no hook, so nothing asks for its object. */
const NO_OWNER = { maps: new Map() };
const EINVAL = 22;
const EOPNOTSUPP = 95;

/** Places of packet pointers and lengths in the contexts of packet programs (include/uapi/linux/bpf.h). */
const XDP_MD = { bytes: 24, data: 0, dataEnd: 4, dataMeta: 8 } as const;
const SK_BUFF = {
  bytes: 192,
  len: 0,
  protocol: 16,
  data: 76,
  dataEnd: 80,
  dataMeta: 140,
  wireLen: 160,
} as const;

const SKB_TYPES: ReadonlySet<number> = new Set([
  ProgType.SCHED_CLS,
  ProgType.SCHED_ACT,
  ProgType.SOCKET_FILTER,
  ProgType.CGROUP_SKB,
]);

/**
 * `BPF_PROG_TEST_RUN`: runs a program once with an input of the caller's, off any hook.
 * Errors: `not-supported` (EOPNOTSUPP) by the program type's name, `test-run` (EINVAL).
 */
export function testRun(
  machine: Machine,
  program: LoadedProgram,
  input: TestRunInput,
  site: FireSite,
): Result<TestRunOutput> {
  const { type } = program.spec;
  if (type === ProgType.XDP || SKB_TYPES.has(type)) return runOnPacket(machine, program, input, site);
  if (type === ProgType.RAW_TRACEPOINT)
    return runOnContext(machine, program, input, site, RAW_TP_WORDS_BYTES);
  if (type === ProgType.SYSCALL) return runOnContext(machine, program, input, site, CONTEXT_BYTES_MAX);
  const name = programType(type)?.name ?? `type ${type}`;
  return err(
    diagnostic('not-supported', `test runs of ${name} programs are not supported (EOPNOTSUPP)`, {
      where: `program ${program.name} (${program.spec.section})`,
      errno: EOPNOTSUPP,
      hint: 'attach it, and fire its hook',
    }),
  );
}

function runOnContext(
  machine: Machine,
  program: LoadedProgram,
  { ctx = new Uint8Array(0) }: TestRunInput,
  site: FireSite,
  bytesMax: number,
): Result<TestRunOutput> {
  if (ctx.length > bytesMax) return invalid(program, `${ctx.length} bytes of context, at most ${bytesMax}`);
  const at = machine.memory.alloc(Math.max(RAW_TP_WORDS_BYTES, ctx.length));
  try {
    machine.memory.u8.set(ctx, at);
    const ret = run(machine, program, at, site);
    return ok({ ret, ctx: machine.memory.copyOut(at, ctx.length) });
  } finally {
    machine.memory.free(at);
  }
}

function runOnPacket(
  machine: Machine,
  program: LoadedProgram,
  { packet }: TestRunInput,
  site: FireSite,
): Result<TestRunOutput> {
  if (!packet) return invalid(program, 'a packet program needs a packet');
  if (packet.length < PACKET_BYTES_MIN || packet.length > PACKET_BYTES_MAX) {
    return invalid(
      program,
      `${packet.length} bytes of packet; ${PACKET_BYTES_MIN} to ${PACKET_BYTES_MAX} are one`,
    );
  }
  const { memory } = machine;
  const isXdp = program.spec.type === ProgType.XDP;
  const buffer = memory.alloc(packet.length + 2 * HEADROOM_BYTES);
  const ctx = memory.alloc(isXdp ? XDP_MD.bytes : SK_BUFF.bytes);
  try {
    const data = buffer + HEADROOM_BYTES;
    memory.u8.set(packet, data);
    const { view } = memory;
    const layout = isXdp ? XDP_MD : SK_BUFF;
    view.setUint32(ctx + layout.data, data, true);
    view.setUint32(ctx + layout.dataEnd, data + packet.length, true);
    view.setUint32(ctx + layout.dataMeta, data, true);
    if (!isXdp) {
      view.setUint32(ctx + SK_BUFF.len, packet.length, true);
      view.setUint32(ctx + SK_BUFF.wireLen, packet.length, true);
      // Network order in a 32-bit field, as skb->protocol is.
      view.setUint16(ctx + SK_BUFF.protocol, packet[12] | (packet[13] << 8), true);
    }
    const ret = run(machine, program, ctx, site);
    const from = memory.view.getUint32(ctx + layout.data, true);
    const to = memory.view.getUint32(ctx + layout.dataEnd, true);
    return ok({ ret, packet: memory.copyOut(from, Math.max(0, to - from)) });
  } finally {
    memory.free(ctx);
    memory.free(buffer);
  }
}

function run(machine: Machine, program: LoadedProgram, ctx: number, site: FireSite): number {
  return inContextOf(machine.kernel, site.task, site.cpu, () => {
    const { attachEnv } = machine;
    const outer = attachEnv.active;
    attachEnv.active = { program, hook: 'test_run', stats: new AttachedProgram(program, NO_OWNER).stats };
    try {
      return program.run(site.cpu, ctx) >>> 0;
    } finally {
      attachEnv.active = outer;
    }
  });
}

function invalid(program: LoadedProgram, message: string) {
  const where = `program ${program.name} (${program.spec.section})`;
  return err(diagnostic('test-run', `${message} (EINVAL)`, { where, errno: EINVAL }));
}
