/**
 * Programs that hang on something of the kernel's BTF, asked as tables.spec.ts asks: arguments of tracepoints (tp_btf),
 * iterators and struct_ops members, what they may return, call and write.
 */
import { BPF_CLASS, BPF_JMP_OP, BPF_SIZE, type Insn } from '@probed/isa';
import { AttachType, BPF_F_SLEEPABLE, type KernelFacts, ProgType } from '@probed/spec';
import { callHelper, exit, insn, load, movImm, movReg, store, storeImm } from './emitter';
import type { ProgramKind } from './emulated';
import { askAll, type Question, TABLE_TIMEOUT_MS } from './questions';

const SIZES = [BPF_SIZE.B, BPF_SIZE.H, BPF_SIZE.W, BPF_SIZE.DW];
const HELPER_IDS = 212;
const ARGUMENT_BYTES = 104;
const OBJECT_BYTES = 64;

const TRACEPOINTS =
  `sched_switch sys_enter kfree_skb sched_process_exec tcp_send_reset block_rq_issue task_rename
  mm_page_alloc signal_generate workqueue_execute_start timer_start xdp_exception cgroup_mkdir`.split(/\s+/);
const ITERATORS =
  `task bpf_map tcp udp unix netlink ipv6_route cgroup task_file task_vma bpf_link bpf_prog ksym
  bpf_map_elem sockmap bpf_sk_storage_map kmem_cache dmabuf`.split(/\s+/);
const INTERFACES = ['tcp_congestion_ops', 'bpf_dummy_ops', 'file_operations'];

const returning = (...insns: Insn[]): Insn[] => [...insns, movImm(0, 0), exit()];
const ifNull = (reg: number, skipped: number) => insn(BPF_CLASS.JMP | BPF_JMP_OP.JEQ, reg, 0, skipped, 0);

function* hookQuestions(kind: ProgramKind, name: string): Generator<Question> {
  const ask = (what: string, insns: Insn[]): Question => ({ what: `${name}: ${what}`, kind, insns });
  for (const value of [0, 1, 2]) yield ask(`return ${value}`, [movImm(0, value), exit()]);
  yield ask('return nothing', [exit()]);
  yield ask('return the context', [movReg(0, 1), exit()]);
  for (let off = 0; off < ARGUMENT_BYTES; off++) {
    for (const size of SIZES) {
      const at = `size ${size.toString(16)} at ${off}`;
      yield ask(`read ${at}`, returning(load(size, 2, 1, off)));
      yield ask(`write ${at}`, returning(storeImm(size, 1, off, 0)));
    }
  }
  for (let off = 0; off < ARGUMENT_BYTES; off += 8) yield* objectQuestions(ask, off);
  for (let id = 0; id < HELPER_IDS; id++) {
    yield ask(`helper ${id}`, returning(callHelper(id)));
    yield ask(`helper ${id} with its argument`, returning(load(BPF_SIZE.DW, 1, 1, 0), callHelper(id)));
  }
}

function* objectQuestions(ask: (what: string, insns: Insn[]) => Question, off: number): Generator<Question> {
  const argument = load(BPF_SIZE.DW, 2, 1, off);
  for (let field = 0; field < OBJECT_BYTES; field += 4) {
    const what = `the object at ${off}, field ${field}`;
    yield ask(what, returning(argument, load(BPF_SIZE.DW, 3, 2, field)));
    yield ask(`${what}, not NULL`, returning(argument, ifNull(2, 1), load(BPF_SIZE.W, 3, 2, field)));
    yield ask(
      `write ${what}`,
      returning(argument, ifNull(2, 2), movImm(3, 0), store(BPF_SIZE.W, 2, field, 3)),
    );
  }
}

function* tracepoints({ btf }: KernelFacts): Generator<Question> {
  for (const attachTo of TRACEPOINTS) {
    const attachBtfId = btf.findByName(`btf_trace_${attachTo}`, 'typedef');
    if (attachBtfId === undefined) continue;
    const kind = { type: ProgType.TRACING, attachType: AttachType.TRACE_RAW_TP, attachBtfId, attachTo };
    yield* hookQuestions(kind, attachTo);
  }
}

function* iterators({ btf }: KernelFacts): Generator<Question> {
  for (const attachTo of ITERATORS) {
    const attachBtfId = btf.findByName(`bpf_iter_${attachTo}`, 'func');
    if (attachBtfId === undefined) continue;
    const kind = { type: ProgType.TRACING, attachType: AttachType.TRACE_ITER, attachBtfId, attachTo };
    yield* hookQuestions(kind, attachTo);
    yield* hookQuestions({ ...kind, flags: BPF_F_SLEEPABLE }, `sleepable ${attachTo}`);
  }
}

function* members({ btf }: KernelFacts): Generator<Question> {
  for (const type of INTERFACES) {
    const attachBtfId = btf.findByName(type, 'struct');
    const struct = attachBtfId === undefined ? undefined : btf.type(attachBtfId);
    if (struct?.kind !== 'struct') continue;
    for (const [attachType, { name: member }] of struct.members.entries()) {
      const kind = { type: ProgType.STRUCT_OPS, attachType, attachBtfId, structOps: { type, member } };
      yield* hookQuestions(kind, `${type}.${member}`);
      yield* hookQuestions({ ...kind, flags: BPF_F_SLEEPABLE }, `sleepable ${type}.${member}`);
    }
  }
}

test.each([
  ['tracepoints', tracepoints],
  ['iterators', iterators],
  ['members of struct_ops', members],
])('%s', (_name, ask) => askAll(ask), TABLE_TIMEOUT_MS);
