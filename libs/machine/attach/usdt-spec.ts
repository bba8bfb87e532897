import type { Btf } from '@probed/btf';
import type { UsdtArg } from '@probed/hooks';
import { registerOffset } from '../contexts/pt-regs';

/** BPF_USDT_MAX_ARG_CNT (tools/lib/bpf/usdt.bpf.h). */
export const USDT_ARGS_MAX = 12;

/** `enum __bpf_usdt_arg_type`. */
const ARG_TYPE = { const: 0, reg: 1, deref: 2, indexed: 3 } as const;

const SPEC = '__bpf_usdt_spec';
const ARG_SPEC = '__bpf_usdt_arg_spec';

/**
 * `struct __bpf_usdt_spec` of one probe as the object's own BTF lays it out: where `bpf_usdt_arg()` finds each argument,
 * and the link's cookie. Undefined when the BTF has no such structs, or they have no place for an argument of this kind.
 */
export function encodeUsdtSpec(btf: Btf, args: readonly UsdtArg[], cookie: number): Uint8Array | undefined {
  const spec = btf.findByName(SPEC, 'struct');
  const argSpec = btf.findByName(ARG_SPEC, 'struct');
  if (spec === undefined || argSpec === undefined) return undefined;
  const out = new StructBytes(btf, new Uint8Array(btf.sizeOf(spec)));
  const argsAt = btf.member(spec, 'args');
  if (!argsAt) return undefined;
  for (const [i, arg] of args.entries()) {
    const base = argsAt.offsetBits + 8 * i * btf.sizeOf(argSpec);
    const known = fieldsOf(arg).every(([name, value]) => out.put(argSpec, base, name, value));
    if (!known) return undefined;
  }
  out.put(spec, 0, 'usdt_cookie', BigInt(cookie));
  out.put(spec, 0, 'arg_cnt', BigInt(args.length));
  return out.bytes;
}

function fieldsOf({ bytes, signed, place }: UsdtArg): [string, bigint][] {
  const fields: [string, bigint][] = [
    ['arg_type', BigInt(ARG_TYPE[place.kind])],
    ['arg_signed', signed ? 1n : 0n],
    ['arg_bitshift', BigInt(64 - 8 * bytes)],
  ];
  if (place.kind === 'const') return [...fields, ['val_off', BigInt(place.value)]];
  fields.push(['reg_off', BigInt(registerOffset(place.reg) ?? 0)]);
  if (place.kind === 'reg') return fields;
  fields.push(['val_off', BigInt(place.offset)]);
  if (place.kind === 'deref') return fields;
  const scale = BigInt(Math.log2(place.scale));
  return [...fields, ['idx_reg_off', BigInt(registerOffset(place.index) ?? 0)], ['scale_bitshift', scale]];
}

/** Bytes of a struct, written by its members' names. */
class StructBytes {
  constructor(
    private readonly btf: Btf,
    readonly bytes: Uint8Array,
  ) {}

  /** @returns false when the struct has no such member */
  put(struct: number, baseBits: number, name: string, value: bigint): boolean {
    const place = this.btf.member(struct, name);
    if (!place) return false;
    const width = place.bits || 8 * this.btf.sizeOf(place.typeId);
    for (let bit = 0; bit < width; bit++) {
      const at = baseBits + place.offsetBits + bit;
      if ((value >> BigInt(bit)) & 1n) this.bytes[at >> 3] |= 1 << (at & 7);
    }
    return true;
  }
}
