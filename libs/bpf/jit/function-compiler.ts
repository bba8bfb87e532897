import { type Insn, insnSlots, OP_CALL, OP_MAY_GOTO } from '@probed/isa';
import type { Subprogram } from '@probed/spec';
import { CodeWriter, OP } from '@probed/wasm';
import { type Block, buildBlocks, NONE } from './cfg/block-graph';
import { type Layout, layOut } from './cfg/layout';
import { placeScopes, type Scope, type Scopes } from './cfg/scopes';
import { lowerInsn } from './lower';
import { pushCondition } from './lower/condition';
import type { FunctionContext, ModuleContext } from './lower/context';
import { Registers } from './registers';

/** How a function receives its arguments and returns r0. */
export interface FunctionFrame {
  /** Index of the i64 local of r0–r9. */
  readonly registers: readonly number[];
  /** i32 local with the offset of the frame's lowest byte. */
  readonly frameBase: number;
  readonly returns: 'i32' | 'i64';
  /** Pushes r0 as the function returns it. */
  pushResult(regs: Registers): void;
}

/** Average bytes of code for an instruction, to size the buffer. */
const CODE_BYTES_PER_SLOT = 10;

/**
 * Compiles one subprogram: its blocks in the order of their layout, branches as jumps to the labels of the scopes
 * around them.
 *
 * @param prologue declares the locals and writes what comes before the first block
 */
export function compileFunction(
  module: ModuleContext,
  sub: Subprogram,
  params: number,
  prologue: (code: CodeWriter) => FunctionFrame,
): CodeWriter {
  const code = new CodeWriter(params, (sub.end - sub.start) * CODE_BYTES_PER_SLOT + 64);
  const { insns, facts } = module.program;
  const frame = prologue(code);
  const layout = layOut(buildBlocks(insns, facts, sub));
  const temps = new Map<string, number>();
  const context: FunctionContext = {
    module,
    code,
    insns,
    facts,
    frameBase: frame.frameBase,
    returns: frame.returns,
    regs: new Registers(code, frame.registers, frame.frameBase),
    temp(type, name) {
      let local = temps.get(name);
      if (local === undefined) temps.set(name, (local = code.local(type)));
      return local;
    },
  };
  new FunctionCompiler(context, frame, layout, placeScopes(layout)).compile();
  code.op(OP.unreachable);
  return code;
}

class FunctionCompiler {
  private readonly code: CodeWriter;
  /** Innermost last. */
  private readonly open: Scope[] = [];
  /** By position of a jump's target: index in `open` of the scope whose label leads there. */
  private readonly labelAt = new Map<number, number>();
  private readonly jumpsTo: Uint8Array;

  constructor(
    private readonly f: FunctionContext,
    private readonly frame: FunctionFrame,
    private readonly layout: Layout,
    private readonly scopes: Scopes,
  ) {
    this.code = f.code;
    this.jumpsTo = new Uint8Array(layout.order.length + 1);
    for (const scopesHere of scopes.opening) {
      for (const scope of scopesHere) this.jumpsTo[scope.kind === 'loop' ? scope.start : scope.end] = 1;
    }
  }

  compile(): void {
    this.layout.order.forEach((index, at) => {
      const block = this.layout.blocks[index];
      this.closeScopes(at);
      if (this.jumpsTo[at]) this.f.regs.forget();
      const delayed = this.openScopes(at, block);
      this.compileBody(block);
      this.compileTerminator(block, at, delayed);
    });
    this.closeScopes(this.layout.order.length);
  }

  private closeScopes(at: number): void {
    while (this.open.length > 0 && this.open[this.open.length - 1].end === at) {
      this.open.pop();
      this.code.end();
    }
  }

  /**
   * Opens the scopes that begin at a position. The innermost may wait for the block's own branch, which then becomes
   * an `if` around what it jumps over. @returns that scope
   */
  private openScopes(at: number, block: Block): Scope | undefined {
    const opening = this.scopes.opening[at];
    const last = opening.at(-1);
    const delayed = last && this.becomesIf(last, block, at) ? last : undefined;
    for (const scope of opening) {
      if (scope === delayed) continue;
      if (scope.kind === 'loop') this.openLoop();
      else this.code.block();
      this.push(scope);
    }
    return delayed;
  }

  /** Code that was not verified pays for each round; the first one is on the house. */
  private openLoop(): void {
    const { confined, chargeImport } = this.f.module;
    this.code.loop();
    if (confined) this.code.i32Const(1).call(chargeImport);
  }

  private becomesIf(scope: Scope, block: Block, at: number): boolean {
    const { positionOf } = this.scopes;
    return (
      scope.kind === 'block' &&
      block.terminator === 'branch' &&
      positionOf[block.taken] === scope.end &&
      positionOf[block.next] === at + 1
    );
  }

  private push(scope: Scope): void {
    this.labelAt.set(scope.kind === 'loop' ? scope.start : scope.end, this.open.push(scope) - 1);
  }

  private compileBody(block: Block): void {
    const { insns } = this.f;
    const end = block.terminatorSlot === NONE ? block.end : block.terminatorSlot;
    // Code of its own, without slots, joins an irreducible region.
    if (block.end > block.start) this.countRun(block.start);
    for (let slot = block.start; slot < end; slot += insnSlots(insns[slot])) {
      lowerInsn(this.f, insns[slot], slot);
      // A call may not come back: a tail call that is made, a budget used up.
      if (insns[slot].opcode === OP_CALL && slot + 1 < block.end) this.countRun(slot + 1);
    }
  }

  private countRun(slot: number): void {
    const { coverage } = this.f.module;
    if (!coverage) return;
    coverage.counted[slot] = 1;
    this.code.i32Const(slot).call(coverage.executed);
  }

  /** Evaluates the condition once more; that of `may_goto` is no question but an action. */
  private countTaken(insn: Insn, slot: number): void {
    const { coverage } = this.f.module;
    if (!coverage || insn.opcode === OP_MAY_GOTO) return;
    this.code.i32Const(slot);
    pushCondition(this.f, insn, false);
    this.code.call(coverage.taken);
  }

  private compileTerminator(block: Block, at: number, delayed: Scope | undefined): void {
    const { code, f } = this;
    switch (block.terminator) {
      case 'exit':
        this.frame.pushResult(f.regs);
        code.return();
        break;
      case 'trap':
        code.op(OP.unreachable);
        break;
      case 'goto':
        f.regs.flush();
        this.jump(block.next, at);
        break;
      case 'branch':
        this.branch(block, at, delayed);
        break;
      case 'set-label':
        code.i32Const(block.label).localSet(f.temp('i32', 'label'));
        this.jump(block.next, at);
        break;
      case 'dispatch': {
        const depths = block.targets!.map((target) => this.depthOf(target));
        code.localGet(f.temp('i32', 'label')).brTable(depths, depths[0]);
      }
    }
  }

  private branch(block: Block, at: number, delayed: Scope | undefined): void {
    const { code, f } = this;
    const insn = f.insns[block.terminatorSlot];
    f.regs.flush();
    this.countTaken(insn, block.terminatorSlot);
    if (delayed) {
      pushCondition(f, insn, true);
      code.if();
      this.push(delayed);
    } else if (this.scopes.positionOf[block.taken] === at + 1) {
      pushCondition(f, insn, true);
      code.brIf(this.depthOf(block.next));
    } else {
      pushCondition(f, insn, false);
      code.brIf(this.depthOf(block.taken));
      this.jump(block.next, at);
    }
  }

  /** Goes on at a block: nothing to write when it comes next. */
  private jump(target: number, at: number): void {
    if (this.scopes.positionOf[target] !== at + 1) this.code.br(this.depthOf(target));
  }

  /** Nesting depth, from here, of the label that leads to a block. */
  private depthOf(target: number): number {
    const label = this.labelAt.get(this.scopes.positionOf[target]);
    if (label === undefined) throw new Error(`invariant broken: no label leads to block ${target}`);
    return this.open.length - 1 - label;
  }
}
