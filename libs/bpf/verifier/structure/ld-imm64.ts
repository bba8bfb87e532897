import {
  BPF_CLASS,
  BPF_MODE,
  BPF_PSEUDO_LD,
  insnClass,
  insnMode,
  isLdImm64,
  OP_CALLX,
  rowsOfOpcode,
} from '@probed/isa';
import { type MapInfo, MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkMapCompatibility } from './map-compatibility';

/** Maps one program may name (include/linux/bpf_verifier.h: MAX_USED_MAPS). */
const MAX_USED_MAPS = 64;
/** include/linux/bpf_verifier.h: BPF_MAX_VAR_OFF. */
const BPF_MAX_VAR_OFF = 1 << 29;

/**
 * Resolves every ld_imm64 to the map, map value, function or kernel variable it names, and refuses opcodes that do
 * not exist (`resolve_pseudo_ldimm64`).
 */
export function resolveLdImm64(env: VerifierEnv): void {
  const { insns } = env;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    const mode = insnMode(insn);
    if (
      insnClass(insn) === BPF_CLASS.LDX &&
      ((mode !== BPF_MODE.MEM && mode !== BPF_MODE.MEMSX) || insn.imm !== 0)
    ) {
      env.reject('EINVAL', 'BPF_LDX uses reserved fields');
    }
    if (isLdImm64(insn)) {
      resolveOne(env, i);
      i++;
    } else if (insn.opcode === OP_CALLX || rowsOfOpcode(insn.opcode).length === 0) {
      env.reject('EINVAL', `unknown opcode ${insn.opcode.toString(16).padStart(2, '0')}`);
    }
  }
}

function resolveOne(env: VerifierEnv, i: number): void {
  const insn = env.insns[i];
  const high = env.insns[i + 1];
  if (high?.opcode !== 0 || high.dst !== 0 || high.src !== 0 || high.off !== 0) {
    env.reject('EINVAL', 'invalid bpf_ld_imm64 insn');
  }
  if (insn.src === BPF_PSEUDO_LD.NONE || insn.src === BPF_PSEUDO_LD.FUNC) return;
  const ref = env.spec.refs.get(i);
  if (insn.src === BPF_PSEUDO_LD.BTF_ID) {
    if (ref?.kind === 'ksym') checkKsymAddress(env, ref.name);
    else checkBtfId(env, insn.imm, high.imm);
    return;
  }
  const byValue = insn.src === BPF_PSEUDO_LD.MAP_VALUE || insn.src === BPF_PSEUDO_LD.MAP_IDX_VALUE;
  const byMap = insn.src === BPF_PSEUDO_LD.MAP_FD || insn.src === BPF_PSEUDO_LD.MAP_IDX;
  if (!byValue && !(byMap && high.imm === 0)) env.reject('EINVAL', 'unrecognized bpf_ld_imm64 insn');
  const byIndex = insn.src === BPF_PSEUDO_LD.MAP_IDX || insn.src === BPF_PSEUDO_LD.MAP_IDX_VALUE;
  if (byIndex && !ref) env.reject('EPROTO', 'fd_idx without fd_array is invalid');
  const map = ref?.kind === 'map' || ref?.kind === 'map-value' ? env.maps.get(ref.map) : undefined;
  if (!map) env.reject('EBADF', `fd ${insn.imm} is not pointing to valid bpf_map`);
  addUsedMap(env, map);
  env.mapOf.set(i, map);
  if (byValue) checkDirectValue(env, map, high.imm);
}

/** A kernel without CONFIG_KALLSYMS_ALL does not know where its variables are. */
function checkKsymAddress(env: VerifierEnv, name: string): void {
  const { btf, deviations } = env.facts;
  if (!deviations.has('no-data-symbols') || btf.findByName(name, 'var') === undefined) return;
  env.reject('ENOENT', `ldimm64 failed to find the address for kernel symbol '${name}'.`);
}

/** `check_pseudo_btf_id` for a number that no loader put there. */
function checkBtfId(env: VerifierEnv, id: number, module: number): void {
  if (module !== 0) env.reject('EINVAL', 'invalid module BTF object FD specified.');
  const { btf } = env.facts;
  if (!btf.has(id)) env.reject('ENOENT', `ldimm64 insn specifies invalid btf_id ${id}.`);
  env.reject('EINVAL', `pseudo btf_id ${id} in ldimm64 isn't KIND_VAR or KIND_FUNC`);
}

function addUsedMap(env: VerifierEnv, map: MapInfo): void {
  if (env.usedMaps.includes(map)) return;
  if (env.usedMaps.length >= MAX_USED_MAPS) {
    env.reject('E2BIG', `The total number of maps per program has reached the limit of ${MAX_USED_MAPS}`);
  }
  checkMapCompatibility(env, map);
  if (map.type === MapType.ARENA) setArena(env, map);
  env.usedMaps.push(map);
}

/** An arena: one a program, for callers who may see addresses. */
function setArena(env: VerifierEnv, map: MapInfo): void {
  if (env.arena) env.reject('EBUSY', 'Only one arena per program');
  if (!env.allowPtrLeaks || !env.bpfCapable) {
    env.reject('EPERM', 'CAP_BPF and CAP_PERFMON are required to use arena');
  }
  env.arena = map;
}

/** Bytes of a page; an arena's size is given in pages. */
const PAGE_BYTES = 4096;

/** `map_direct_value_addr`: only arrays of one entry give their value's address at load. */
function checkDirectValue(env: VerifierEnv, map: MapInfo, imm: number): void {
  const off = imm >>> 0;
  if (off >= BPF_MAX_VAR_OFF) env.reject('EINVAL', `direct value offset of ${off} is not allowed`);
  if (map.type === MapType.ARENA) {
    if (off <= map.maxEntries * PAGE_BYTES) return;
    env.reject('ERANGE', `invalid access to map value pointer, value_size=${map.valueSize} off=${off}`);
  }
  if (map.type !== MapType.ARRAY) {
    env.reject('EINVAL', 'no direct value access support for this map type');
  }
  if (map.maxEntries !== 1 || off >= map.valueSize) {
    env.reject(
      map.maxEntries !== 1 ? 'ENOTSUPP' : 'EINVAL',
      `invalid access to map value pointer, value_size=${map.valueSize} off=${off}`,
    );
  }
}
