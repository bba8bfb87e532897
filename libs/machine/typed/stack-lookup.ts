import { type BpfMap, StackTraceMap } from '@probed/maps';
import type { Origin } from '../output/record';
import type { StackLookup } from './explain/symbols';
import { type SymbolSource, symboliseStack } from './stack-frames';

const KERNEL_NAMES = /(^|_)k(ern(el)?)?_?st/;
const USER_NAMES = /(^|_)u(ser)?_?st/;

/** Finds the stacks that `bpf_get_stackid` put into the maps of an object, and names their frames. */
export function stackLookup(maps: ReadonlyMap<string, BpfMap>, kernel: SymbolSource): StackLookup {
  let stackMaps: StackTraceMap[] | undefined;
  return (id, side) => {
    stackMaps ??= [...maps.values()].filter((map) => map instanceof StackTraceMap);
    const fitting = stackMaps.filter(({ info: { name } }) => {
      const other = side === 'kernel' ? USER_NAMES : KERNEL_NAMES;
      return side === undefined || !other.test(name);
    });
    for (const map of fitting) {
      const addresses = map.addresses(id);
      if (addresses) return symboliseStack(kernel, addresses, (map.tagOf(id) as Origin | undefined)?.pid);
    }
    return undefined;
  };
}
