import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import { missingMembers, resolveLayouts } from './index';

const parsed = Btf.parse(loadReferenceKernel().btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

test('every modelled member exists in the BTF of 6.18', () => {
  expect(missingMembers(btf)).toEqual([]);
});

test('members of anonymous unions and embedded structs resolve to the offsets of the C layout', () => {
  const layouts = resolveLayouts(btf);
  expect(layouts.sock['__sk_common.skc_daddr']).toEqual({ offset: 0, bytes: 4 });
  expect(layouts.sock['__sk_common.skc_dport'].bytes).toBe(2);
  expect(layouts.task.comm.bytes).toBe(16);
  expect(layouts.regs.sizeBytes).toBe(168);
  expect(layouts.regs.di.offset).toBe(112);
});
