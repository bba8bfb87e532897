import { MAX_BPF_STACK } from '@probed/isa';
import { OP } from '@probed/wasm';
import type { FunctionContext } from './context';

/** Pushes the lowest byte of the frame below this function's, where a callee runs. */
export function pushCalleeFrame(f: FunctionContext): void {
  f.code.localGet(f.frameBase).i32Const(MAX_BPF_STACK).op(OP['i32.sub']);
}
