import { type StackFrame, type SymbolSource, symboliseStack } from '../stack-frames';
import type { LeafMember } from './leaf-members';

/** Stacks that `bpf_get_stackid` kept, by id; undefined when no map of the object has that one. */
export type StackLookup = (
  id: number,
  map: 'kernel' | 'user' | undefined,
) => readonly StackFrame[] | undefined;

const STACK_ID =
  /(^|_)(stack|stk|kstack|ustack)_?id$|^([ku]ern(el)?|user)_?stack$|^([ku]stack|stackid|stack_id)$/;
const STACK_ARRAY = /(^|_)(k|u|kern|kernel|user)?_?(stack|callers?|ips?|frames|trace|callchain)$/;
const ADDRESS =
  /(^|_)(ip|pc|addr(ess)?|func(tion)?|caller|callsite|call_site|ksym|fn|rip|kaddr|sk_?addr|skb_?addr|symbol|work_func)$/;
const CGROUP = /(^|_)(cgroup|cgrp|cg|cgroupid)_?(id)?$/;
const WORD_BYTES = 8;
/** Where the kernel's text begins (arch/x86: __START_KERNEL_map). */
const KERNEL_TEXT = -0x8000_0000;
/** Where the kernel's half begins, with paging of four levels. */
const KERNEL_HALF = -(2 ** 47);

export type IdReader = 'stack-id' | 'stack-array' | 'kernel-address' | 'cgroup';

/** What a member refers to in the kernel, by name and type. */
export function referenceKind(member: LeafMember, elementBytes: number): IdReader | undefined {
  const { name, type, bytes, bits } = member;
  if (bits > 0) return undefined;
  if (type.kind === 'array')
    return elementBytes === WORD_BYTES && STACK_ARRAY.test(name) ? 'stack-array' : undefined;
  if (type.kind === 'int' && bytes >= 4 && bytes <= 8 && STACK_ID.test(name)) return 'stack-id';
  if (type.kind === 'int' && bytes === 8 && CGROUP.test(name)) return 'cgroup';
  const word = type.kind === 'ptr' || (type.kind === 'int' && bytes === WORD_BYTES);
  return word && (type.kind === 'ptr' || ADDRESS.test(name)) ? 'kernel-address' : undefined;
}

/** Whose stack a stack id's name says it is. */
export function stackSide(name: string): 'kernel' | 'user' | undefined {
  if (/user|ustack|(^|_)u_/.test(name)) return 'user';
  return /kern|kstack|(^|_)k_/.test(name) ? 'kernel' : undefined;
}

/** Address as a signed word; kernel addresses are small negative numbers. */
export function addressAt(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, WORD_BYTES);
  return view.getInt32(4, true) * 2 ** 32 + view.getUint32(0, true);
}

/** `vfs_read+0x1a` of an address in the kernel's text, hex of any other in the kernel's half. */
export function kernelAddressText(symbols: SymbolSource, address: number): string | undefined {
  if (address >= 0 || address < KERNEL_HALF) return undefined;
  const hit = address >= KERNEL_TEXT ? symbols.kernelSymbol(address) : undefined;
  if (hit) return `${hit.name}+0x${hit.offset.toString(16)}`;
  return `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;
}

/** Frames of an array of instruction pointers, innermost first, up to the first zero or the used length. */
export function stackFrames(symbols: SymbolSource, bytes: Uint8Array, pid: number | undefined): StackFrame[] {
  const addresses: number[] = [];
  for (let offset = 0; offset + WORD_BYTES <= bytes.length; offset += WORD_BYTES) {
    const address = addressAt(bytes, offset);
    if (address === 0) break;
    addresses.push(address);
  }
  return symboliseStack(symbols, addresses, pid);
}
