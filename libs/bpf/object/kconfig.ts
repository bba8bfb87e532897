import { diagnostic, err, ok, type Result } from '@probed/base';
import type { KernelFacts } from '@probed/spec';
import type { Extern, KconfigExtern } from './externs';

type Value = string | number | bigint;

/** `enum libbpf_tristate`. */
const TRISTATE: Readonly<Record<string, number>> = { n: 0, y: 1, m: 2 };
const EINVAL = 22;
const ERANGE = 34;
const ESRCH = 3;

/** Virtual externs: what libbpf knows of the running kernel besides its configuration. */
const VIRTUAL: Readonly<Record<string, (facts: KernelFacts) => number>> = {
  LINUX_KERNEL_VERSION: (facts) => facts.versionCode,
  /** bpf_get_attach_cookie exists. */
  LINUX_HAS_BPF_COOKIE: (facts) => (hasHelper(facts, 'BPF_FUNC_get_attach_cookie') ? 1 : 0),
  /** x86-64: system calls take one pointer to pt_regs. */
  LINUX_HAS_SYSCALL_WRAPPER: () => 1,
};

/** By the enum in the kernel's BTF; a BTF that was cut down to less does not deny it. */
function hasHelper({ btf }: KernelFacts, name: string): boolean {
  const id = btf.findByName('bpf_func_id', 'enum');
  const type = id === undefined ? undefined : btf.type(id);
  return type?.kind !== 'enum' || type.values.some((value) => value.name === name);
}

function kconfigError(name: string, message: string, errno = EINVAL): Result<never> {
  return err(diagnostic('kconfig', message, { where: `extern (kcfg) '${name}'`, errno }));
}

/**
 * The value of the map `.kconfig` for a kernel. A weak extern that the kernel does not set is zero; a strong one is
 * an error. tools/lib/bpf/libbpf.c: bpf_object__resolve_externs, set_kcfg_value_*.
 */
export function fillKconfig(
  externs: Iterable<Extern>,
  facts: KernelFacts,
  bytes: number,
): Result<Uint8Array> {
  const contents = new Uint8Array(bytes);
  const view = new DataView(contents.buffer);
  for (const extern of externs) {
    if (extern.kind !== 'kconfig') continue;
    const value = lookUp(extern, facts);
    if (!value.ok) return value;
    if (value.value === undefined) continue;
    const written = write(view, extern, value.value);
    if (!written.ok) return written;
  }
  return ok(contents);
}

function lookUp(extern: KconfigExtern, facts: KernelFacts): Result<Value | undefined> {
  const { name, weak } = extern;
  if (Object.hasOwn(VIRTUAL, name)) return ok(VIRTUAL[name](facts));
  if (name.startsWith('CONFIG_')) {
    const value = facts.config(name);
    if (value === undefined && !weak)
      return kconfigError(name, `the kernel's configuration does not set it, and it is not __weak`, ESRCH);
    return ok(value);
  }
  if (name.startsWith('LINUX_') && weak) return ok(undefined);
  return kconfigError(name, 'unrecognized virtual extern');
}

function write(view: DataView, extern: KconfigExtern, value: Value): Result<undefined> {
  if (value === 'y' || value === 'm' || value === 'n') return writeTristate(view, extern, value);
  if (typeof value === 'string' && !/^0x[0-9a-f]+$/i.test(value)) return writeText(view, extern, value);
  return writeNumber(view, extern, BigInt(value));
}

function writeTristate(view: DataView, extern: KconfigExtern, value: 'y' | 'm' | 'n'): Result<undefined> {
  const { name, valueKind, offset } = extern;
  if (valueKind === 'bool' && value === 'm')
    return kconfigError(name, `value '${value}' implies tristate or char type`);
  if (valueKind === 'bool') view.setUint8(offset, value === 'y' ? 1 : 0);
  else if (valueKind === 'tristate') view.setUint32(offset, TRISTATE[value], true);
  else if (valueKind === 'char') view.setUint8(offset, value.charCodeAt(0));
  else return kconfigError(name, `value '${value}' implies bool, tristate, or char type`);
  return ok(undefined);
}

/** Text that does not fit is cut, as libbpf does; the last byte stays NUL. */
function writeText(view: DataView, extern: KconfigExtern, value: string): Result<undefined> {
  if (extern.valueKind !== 'char-array')
    return kconfigError(extern.name, `value '${value}' implies char array type`);
  const bytes = new TextEncoder().encode(value).subarray(0, extern.bytes - 1);
  new Uint8Array(view.buffer).set(bytes, extern.offset);
  return ok(undefined);
}

function writeNumber(view: DataView, extern: KconfigExtern, value: bigint): Result<undefined> {
  const { name, valueKind, offset, bytes, signed } = extern;
  if (valueKind !== 'int' && valueKind !== 'char' && valueKind !== 'bool')
    return kconfigError(name, `value '${value}' implies integer, char, or boolean type`);
  if (valueKind === 'bool' && value !== 0n && value !== 1n)
    return kconfigError(name, `value '${value}' isn't boolean compatible`);
  const bits = bytes * 8;
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped !== value && bytes < 8)
    return kconfigError(name, `value '${value}' doesn't fit in ${bytes} bytes`, ERANGE);
  for (let i = 0; i < bytes; i++) view.setUint8(offset + i, Number((value >> BigInt(8 * i)) & 0xffn));
  return ok(undefined);
}
