import { MAX_BPF_STACK } from '@probed/isa';
import { OP } from '@probed/wasm';
import type { FunctionContext } from './context';
import type { InlineHelper } from './inline-helpers';

/**
 * bpf_tail_call: the target runs by way of the environment, and its result is returned by the function that calls; the
 * frame is given up to it. Falls through when there is no target.
 */
export const tailCall: InlineHelper = {
  applies: () => true,
  write(f, slot) {
    const { code, regs, module } = f;
    regs.push32(1);
    pushMap(f, slot);
    regs.push32(3);
    code.localGet(f.frameBase).i32Const(MAX_BPF_STACK).op(OP['i32.add']);
    code.call(module.tailCallImport);
    code.if();
    code.i32Const(0).mem(OP[f.returns === 'i32' ? 'i32.load' : 'i64.load'], module.env.resultSlot);
    code.return().end();
    regs.setConst(0, 0, 0);
  },
};

function pushMap(f: FunctionContext, slot: number): void {
  const { map } = f.facts[slot];
  if (map === undefined) f.regs.push32(2);
  else f.code.i32Const(f.module.env.mapObject(f.module.program.maps[map].name));
}
