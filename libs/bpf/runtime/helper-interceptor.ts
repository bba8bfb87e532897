import { assert } from '@probed/base';
import type { BpfMap, MapRegistry } from '@probed/maps';
import { type AbiSlot, type HelperFn, helperAbi, helperById } from '@probed/spec';

/** A helper as programs are being linked with it. */
export interface HelperCall {
  /** Without the `bpf_` prefix. */
  readonly name: string;
  /** What calls it, in the calling convention of `helperAbi`. */
  readonly fn: HelperFn;
  /** The map that a call passes; undefined for helpers that take none. */
  mapOf(args: readonly number[]): BpfMap | undefined;
}

/** Stands between programs and helpers, for whoever wants calls to fail. */
export interface HelperInterceptor {
  /** What programs call in place of the helper: most often `call.fn` itself, so that the rest costs nothing. */
  helper(call: HelperCall): HelperFn;
  /** bpf_tail_call is an instruction: true makes this one fall through. @param map offset of the program array */
  tailCall(map: number): boolean;
}

/** Words of an argument in the calling convention. */
const WORDS: Readonly<Record<AbiSlot, number>> = { ptr: 1, map: 1, w32: 1, w64: 2, func: 1 };

/** The helper as programs are to call it. @param map that every call passes, when it is known */
export function intercepted(
  registry: MapRegistry,
  interceptor: HelperInterceptor | undefined,
  fn: HelperFn,
  id: number,
  map: BpfMap | undefined,
): HelperFn {
  if (!interceptor) return fn;
  const proto = helperById(id);
  assert(proto, `helper ${id} is unknown`);
  const at = mapWord(helperAbi(proto).args);
  const mapOf = (args: readonly number[]) => map ?? (at < 0 ? undefined : registry.at(args[at]));
  return interceptor.helper({ name: proto.name, fn, mapOf });
}

/** Which of the words is the map; -1 when none is. */
function mapWord(args: readonly AbiSlot[]): number {
  const index = args.indexOf('map');
  if (index < 0) return -1;
  return args.slice(0, index).reduce((words, kind) => words + WORDS[kind], 0);
}
