import { DIRECT_MAP_HI } from '@probed/memory';
import { OP } from '@probed/wasm';
import type { InlineHelper } from './inline-helpers';

const BPF_MAP_TYPE_ARRAY = 2;
/** Values of an array lie at multiples of this (kernel/bpf/arraymap.c: array_map_alloc, elem_size). */
const ELEMENT_ALIGN_BYTES = 8;

/**
 * `bpf_map_lookup_elem` on a known ARRAY map: bounds check and address arithmetic, as the kernel inlines it
 * (kernel/bpf/arraymap.c: array_map_gen_lookup).
 */
export const arrayLookup: InlineHelper = {
  applies: ({ maps }, { map }) => map !== undefined && maps[map].type === BPF_MAP_TYPE_ARRAY,

  write(f, slot) {
    const { code, regs, module } = f;
    const map = module.program.maps[f.facts[slot].map!];
    const elementBytes = Math.ceil(map.valueSize / ELEMENT_ALIGN_BYTES) * ELEMENT_ALIGN_BYTES;
    const index = f.temp('i32', 'array-index');
    const key = regs.pushAddress(2, 0);
    code.mem(OP['i32.load'], key.offset).localTee(index);
    code.i32Const(map.maxEntries).op(OP['i32.lt_u']).if('i64');
    code.localGet(index).op(OP['i64.extend_i32_u']).i64Const(elementBytes, 0).op(OP['i64.mul']);
    code.i64Const(module.env.mapValues(map.name), DIRECT_MAP_HI).op(OP['i64.add']);
    code.else().i64Const(0, 0).end();
    regs.set64(0);
  },
};
