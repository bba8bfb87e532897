/** What a register holds, in words for people. */
import { isConst } from '../scalar';
import type { RegState } from '../state/reg-state';
import { baseType, MEM_RINGBUF, MEM_USER, PTR_UNTRUSTED, RegBase, regTypeStr } from '../state/reg-type';

const S64_MIN = -(1n << 63n);
const S64_MAX = (1n << 63n) - 1n;
const U64_MAX = (1n << 64n) - 1n;
/** Numbers above it are shown in hexadecimal. */
const DECIMAL_MAX = 0xffff_ffffn;

function num(value: bigint): string {
  const size = value < 0n ? -value : value;
  if (size <= DECIMAL_MAX) return value.toString();
  return value < 0n ? `-0x${size.toString(16)}` : `0x${size.toString(16)}`;
}

/** Bounds of a number, the tighter of both views: `0 to 255`, `at least 1`, `anything`. */
function rangeText(reg: RegState): string {
  const { v } = reg;
  if (isConst(v)) return num(BigInt.asIntN(64, v.value));
  const { umin, umax, smin, smax } = v;
  if (umax <= S64_MAX) return `${num(umin)} to ${num(umax)}`;
  if (smin > S64_MIN && smax < S64_MAX) return `${num(smin)} to ${num(smax)} (may be negative)`;
  if (umin > 0n && umax === U64_MAX) return `at least ${num(umin)}, no upper bound`;
  if (umin > 0n || umax < U64_MAX) return `${num(umin)} to ${num(umax)} (unsigned)`;
  if (smax < S64_MAX) return `at most ${num(smax)}, no lower bound`;
  if (smin > S64_MIN) return `at least ${num(smin)}, no upper bound`;
  const low = v.u32max === 0xffff_ffff && v.u32min === 0 ? '' : ` (low 32 bits: ${v.u32min} to ${v.u32max})`;
  return `anything${low}`;
}

/** `offset 4`, `offset 4 plus 0 to 255`. */
function offsetText(reg: RegState): string {
  if (isConst(reg.v)) return `offset ${reg.off + Number(BigInt.asIntN(64, reg.v.value))}`;
  const fixed = reg.off === 0 ? '' : `${reg.off} plus `;
  return `offset ${fixed}${rangeText(reg)}`;
}

function pointee(reg: RegState): string {
  switch (baseType(reg.type)) {
    case RegBase.PTR_TO_CTX:
      return "the program's context";
    case RegBase.CONST_PTR_TO_MAP:
      return `map ${reg.map?.name ?? ''} itself`;
    case RegBase.PTR_TO_MAP_VALUE:
      return `a value of map ${reg.map?.name ?? ''} (${reg.map?.valueSize ?? 0} bytes)`;
    case RegBase.PTR_TO_MAP_KEY:
      return `a key of map ${reg.map?.name ?? ''} (${reg.map?.keySize ?? 0} bytes)`;
    case RegBase.PTR_TO_STACK:
      return 'the stack';
    case RegBase.PTR_TO_PACKET:
      return 'the packet';
    case RegBase.PTR_TO_PACKET_META:
      return "the packet's metadata";
    case RegBase.PTR_TO_PACKET_END:
      return "the packet's end";
    case RegBase.PTR_TO_MEM:
      return `${(reg.type & MEM_RINGBUF) !== 0 ? 'a ring buffer record' : 'memory'} of ${reg.memSize} bytes`;
    case RegBase.PTR_TO_FUNC:
      return 'a function';
    default:
      return `a kernel object (${regTypeStr(reg.type)})`;
  }
}

function extras(reg: RegState): string {
  const base = baseType(reg.type);
  if (base === RegBase.PTR_TO_PACKET || base === RegBase.PTR_TO_PACKET_META) {
    return reg.range > 0 ? `, ${reg.range} bytes checked` : ', no byte checked against data_end yet';
  }
  if ((reg.type & PTR_UNTRUSTED) !== 0) return ', not trusted';
  return (reg.type & MEM_USER) !== 0 ? ', of user space' : '';
}

/** One register in a few words: `number, 0 to 255`, `pointer to the stack, offset -8`. */
export function describeReg(reg: RegState): string {
  if (reg.type === RegBase.NOT_INIT) return 'nothing (never written on this path)';
  if (reg.type === RegBase.SCALAR_VALUE)
    return isConst(reg.v) ? `number ${rangeText(reg)}` : `number, ${rangeText(reg)}`;
  const maybe = reg.mayBeNull ? 'pointer or NULL: ' : 'pointer to ';
  return `${maybe}${pointee(reg)}, ${offsetText(reg)}${extras(reg)}`;
}
