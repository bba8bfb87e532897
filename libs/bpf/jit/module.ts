import { assert } from '@probed/base';
import {
  type Insn,
  insnSlots,
  isHelperCall,
  isKfuncCall,
  isLdImm64,
  MAX_BPF_STACK,
  OP_MAY_GOTO,
  subprogTarget,
} from '@probed/isa';
import { DIRECT_MAP_HI } from '@probed/memory';
import {
  type ExecutionCounters,
  type ExecutionEnv,
  type HelperAbi,
  helperAbi,
  helperById,
  linkedKfunc,
  type Subprogram,
  type VerifiedProgram,
} from '@probed/spec';
import { type CodeWriter, ModuleBuilder, OP, type ValType } from '@probed/wasm';
import { writeCallbackTrampoline } from './callback-trampoline';
import {
  type ConfinedFunctions,
  type Confinement,
  defineLocate,
  importConfined,
} from './confined/confinement';
import { compileFunction, type FunctionFrame } from './function-compiler';
import { FUNCTION_BYTES_MAX, JitLimitError } from './limits';
import type { CoverageImports, ModuleContext } from './lower/context';
import { inlineHelper } from './lower/inline-helpers';

/** Namespace of all imports. */
export const IMPORTS = 'env';

/** Names of imports and exports; those of helpers are in {@link HelperImport}. */
export const NAME = {
  memory: 'memory',
  charge: 'charge',
  tailCall: 'tailCall',
  loadPacket: 'loadPacket',
  executed: 'executed',
  taken: 'taken',
  run: 'run',
  callback: 'callback',
  mayGoto: 'mayGotoLeft',
} as const;

/** A helper or kernel function as imported: `map` when it is bound to that map. */
export interface HelperImport {
  /** Of the helper; a kernel function goes by its name. */
  readonly id: number | undefined;
  readonly kfunc?: string;
  /** For people who read the module: that of the helper, with a number, since it may be bound to several maps. */
  readonly name: string;
  readonly map: string | undefined;
  /** It calls back into the program. */
  readonly takesCallback: boolean;
}

/** An encoded module and what to link it with. */
export interface BuiltModule {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly helpers: readonly HelperImport[];
}

/** Most pages (of 64 KiB) that a 32-bit memory can have. */
const WASM_PAGES_MAX = 65_536;
const ARGUMENT_REGISTERS = 5;
/** r0–r9; r10 is never written. */
const GENERAL_REGISTERS = 10;
const SUBPROGRAM_PARAMS: readonly ValType[] = ['i64', 'i64', 'i64', 'i64', 'i64', 'i32'];

/** What a module has beyond the program's own code. */
interface ModuleExtras {
  /** The code counts in them what runs. */
  readonly counters?: ExecutionCounters;
  /** The code was not verified: it checks all that the verifier would have proved, and `run` returns all of r0. */
  readonly confinement?: Confinement;
}

/** Encodes a program: subprogram n becomes one function, the main program is the export `run`. */
export function buildModule(
  program: VerifiedProgram,
  env: ExecutionEnv,
  extras: ModuleExtras = {},
): BuiltModule {
  return new ProgramModule(program, env, extras).build();
}

class ProgramModule implements ModuleContext {
  private readonly builder = new ModuleBuilder();
  private readonly helpers: HelperImport[] = [];
  /** Function index by helper call's slot. */
  private readonly helperBySlot = new Map<number, number>();
  /** Function index by start slot. */
  private readonly functionByStart = new Map<number, number>();
  /** Start slots of callbacks, in the order of the callback table. */
  private readonly callbacks: number[] = [];
  readonly chargeImport: number;
  readonly tailCallImport: number;
  readonly packetImport: number;
  readonly coverage: CoverageImports | undefined;
  confined: ConfinedFunctions | undefined;
  readonly callbackFrame: number;
  readonly mayGotoLeft: number;
  private readonly usesMayGoto: boolean;

  constructor(
    readonly program: VerifiedProgram,
    readonly env: ExecutionEnv,
    { counters, confinement }: ModuleExtras,
  ) {
    const { builder } = this;
    builder.importMemory(IMPORTS, NAME.memory, { initial: 1, maximum: WASM_PAGES_MAX, shared: true });
    this.chargeImport = builder.importFunc(IMPORTS, NAME.charge, builder.type(['i32'], []));
    this.tailCallImport = builder.importFunc(
      IMPORTS,
      NAME.tailCall,
      builder.type(['i32', 'i32', 'i32', 'i32'], ['i32']),
    );
    this.packetImport = builder.importFunc(
      IMPORTS,
      NAME.loadPacket,
      builder.type(['i32', 'i32', 'i32'], ['i32']),
    );
    this.coverage = counters && {
      counted: counters.counted,
      executed: builder.importFunc(IMPORTS, NAME.executed, builder.type(['i32'], [])),
      taken: builder.importFunc(IMPORTS, NAME.taken, builder.type(['i32', 'i32'], [])),
    };
    this.usesMayGoto = program.insns.some(
      (insn, slot) => insn.opcode === OP_MAY_GOTO && program.facts[slot].reachable,
    );
    if (confinement) {
      const imports = importConfined(builder, IMPORTS, confinement);
      this.confined = { ...imports, locate: defineLocate(builder, imports) };
    } else this.eachReachable((insn, slot) => this.collect(insn, slot));
    this.callbackFrame = builder.global('i32', true, 0);
    this.mayGotoLeft = builder.global('i32', true, 0);
  }

  build(): BuiltModule {
    const { builder, program } = this;
    const [main, ...others] = program.subprograms;
    const run = builder.func(builder.type(['i32', 'i32'], [this.confined ? 'i64' : 'i32']));
    const subprogramType = builder.type(SUBPROGRAM_PARAMS, ['i64']);
    for (const sub of others) this.functionByStart.set(sub.start, builder.func(subprogramType));
    this.define(run, main, 2, (code) => this.mainPrologue(code));
    for (const sub of others) {
      this.define(this.subprogram(sub.start), sub, SUBPROGRAM_PARAMS.length, subprogramPrologue);
    }
    builder.export(NAME.run, 'func', run);
    if (this.usesMayGoto) builder.export(NAME.mayGoto, 'global', this.mayGotoLeft);
    if (this.callbacks.length > 0) this.exportCallbacks(subprogramType);
    return { wasm: builder.finish(), helpers: this.helpers };
  }

  helperImport(slot: number): number {
    return this.helperBySlot.get(slot)!;
  }

  subprogram(slot: number): number {
    const index = this.functionByStart.get(slot);
    assert(index !== undefined, `no subprogram starts at ${slot}`);
    return index;
  }

  callbackSlot(slot: number): number {
    const at = this.callbacks.indexOf(slot);
    assert(at >= 0, `subprogram at ${slot} is no callback`);
    return at;
  }

  private eachReachable(visit: (insn: Insn, slot: number) => void): void {
    const { insns, facts } = this.program;
    for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
      if (facts[slot].reachable) visit(insns[slot], slot);
    }
  }

  /** Notes what a reachable instruction needs from outside: a helper's import, a place in the callback table. */
  private collect(insn: Insn, slot: number): void {
    if (isHelperCall(insn) && !inlineHelper(this.program, insn.imm, slot)) this.collectHelper(insn.imm, slot);
    if (isKfuncCall(insn)) this.collectKfunc(slot);
    const callback = isLdImm64(insn) ? subprogTarget(insn, slot) : undefined;
    if (callback !== undefined && !this.callbacks.includes(callback)) this.callbacks.push(callback);
  }

  private collectHelper(id: number, slot: number): void {
    const at = this.program.facts[slot].map;
    const map = at === undefined ? undefined : this.program.maps[at].name;
    const known = this.helpers.findIndex((helper) => helper.id === id && helper.map === map);
    if (known >= 0) {
      this.helperBySlot.set(slot, this.helperFunction(known));
      return;
    }
    const proto = helperById(id);
    assert(proto, `helper ${id} at ${slot} is unknown`);
    const abi = helperAbi(proto);
    const name = `bpf_${proto.name}_${this.helpers.length}`;
    this.import({ id, name, map, takesCallback: abi.args.includes('func') }, abi, slot);
  }

  private collectKfunc(slot: number): void {
    const { name: kfunc, abi } = linkedKfunc(this.program, slot);
    const known = this.helpers.findIndex((helper) => helper.kfunc === kfunc);
    if (known >= 0) {
      this.helperBySlot.set(slot, this.helperFunction(known));
      return;
    }
    const takesCallback = abi.args.includes('func');
    this.import({ id: undefined, kfunc, name: kfunc, map: undefined, takesCallback }, abi, slot);
  }

  private import(helper: HelperImport, { args, ret }: HelperAbi, slot: number): void {
    const { builder } = this;
    const params = args.flatMap((kind): ValType[] => (kind === 'w64' ? ['i32', 'i32'] : ['i32']));
    const results: ValType[] = ret === 'int' || ret === 'ptr' ? ['i32'] : [];
    const index = this.helpers.push(helper) - 1;
    builder.importFunc(IMPORTS, helper.name, builder.type(params, results));
    this.helperBySlot.set(slot, this.helperFunction(index));
  }

  /** Function index of an imported helper. */
  private helperFunction(index: number): number {
    return (this.coverage?.taken ?? this.packetImport) + 1 + index;
  }

  private define(
    func: number,
    sub: Subprogram,
    params: number,
    prologue: (code: CodeWriter) => FunctionFrame,
  ): void {
    const code = compileFunction(this, sub, params, prologue);
    if (code.size > FUNCTION_BYTES_MAX) throw new JitLimitError(sub.name, code.size);
    this.builder.body(func, code);
  }

  /** `run(ctx, stackTop)`: r1 is the context's address, or NULL. */
  private mainPrologue(code: CodeWriter): FunctionFrame {
    const registers = Array.from({ length: GENERAL_REGISTERS }, () => code.local('i64'));
    const frameBase = code.local('i32');
    code.localGet(1).i32Const(MAX_BPF_STACK).op(OP['i32.sub']).localSet(frameBase);
    code.localGet(0).op(OP['i64.extend_i32_u']).i64Const(0, DIRECT_MAP_HI).op(OP['i64.or']);
    code.i64Const(0, 0).localGet(0).op(OP.select).localSet(registers[1]);
    if (this.confined) {
      code.i64Const(this.confined.confinement.memoryBytes, 0).localSet(registers[2]);
      return { registers, frameBase, returns: 'i64', pushResult: (regs) => regs.push64(0) };
    }
    return { registers, frameBase, returns: 'i32', pushResult: (regs) => regs.push32(0) };
  }

  private exportCallbacks(type: number): void {
    const { builder, callbacks } = this;
    const table = builder.table({ initial: callbacks.length, maximum: callbacks.length });
    builder.element(
      table,
      0,
      callbacks.map((start) => this.subprogram(start)),
    );
    const trampoline = writeCallbackTrampoline(builder, type, table, this.callbackFrame);
    builder.export(NAME.callback, 'func', trampoline);
  }
}

/** r1–r5 and the frame come as parameters. */
function subprogramPrologue(code: CodeWriter): FunctionFrame {
  const r0 = code.local('i64');
  const registers = [r0, ...Array.from({ length: ARGUMENT_REGISTERS }, (_, param) => param)];
  while (registers.length < GENERAL_REGISTERS) registers.push(code.local('i64'));
  return { registers, frameBase: ARGUMENT_REGISTERS, returns: 'i64', pushResult: (regs) => regs.push64(0) };
}
