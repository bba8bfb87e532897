import type { VerifierEnv } from '../env';
import { tnumString } from '../scalar';
import type { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';

/** BPF_F_STRICT_ALIGNMENT in the program's flags, and BPF_F_ANY_ALIGNMENT, which takes it back. */
const BPF_F_STRICT_ALIGNMENT = 1;
const BPF_F_ANY_ALIGNMENT = 2;
/** What the kernel takes for the packet's misalignment. */
const NET_IP_ALIGN = 2;

const DESCRIPTION: Readonly<Partial<Record<RegBase, string>>> = {
  [RegBase.PTR_TO_FLOW_KEYS]: 'flow keys ',
  [RegBase.PTR_TO_MAP_KEY]: 'key ',
  [RegBase.PTR_TO_MAP_VALUE]: 'value ',
  [RegBase.PTR_TO_CTX]: 'context ',
  [RegBase.PTR_TO_STACK]: 'stack ',
  [RegBase.PTR_TO_SOCKET]: 'sock ',
  [RegBase.PTR_TO_SOCK_COMMON]: 'sock_common ',
  [RegBase.PTR_TO_TCP_SOCK]: 'tcp_sock ',
  [RegBase.PTR_TO_XDP_SOCK]: 'xdp_sock ',
};

/**
 * `check_ptr_alignment`: x86 reads unaligned memory, so only the stack, whose slots are tracked by eight bytes, must
 * be accessed aligned, and all memory where the instruction or the program asks for it.
 */
export function checkPtrAlignment(
  env: VerifierEnv,
  reg: RegState,
  off: number,
  size: number,
  strictOnce: boolean,
): void {
  const strict = strictOnce || reg.type === RegBase.PTR_TO_STACK || wantsStrict(env.spec.flags);
  if (!strict || size === 1 || reg.type === RegBase.PTR_TO_ARENA) return;
  const packet = reg.type === RegBase.PTR_TO_PACKET || reg.type === RegBase.PTR_TO_PACKET_META;
  const fixed = reg.off + off + (packet ? NET_IP_ALIGN : 0);
  const low = BigInt(size - 1);
  const known = (reg.v.value + BigInt.asUintN(64, BigInt(fixed))) & low;
  if (known === 0n && (reg.v.mask & low) === 0n) return;
  if (packet) {
    env.reject(
      'EACCES',
      `misaligned packet access off ${NET_IP_ALIGN}+${tnumString(reg.v)}+${reg.off}+${off} size ${size}`,
    );
  }
  const what = DESCRIPTION[reg.type as RegBase] ?? '';
  env.reject('EACCES', `misaligned ${what}access off ${tnumString(reg.v)}+${reg.off}+${off} size ${size}`);
}

function wantsStrict(flags: number): boolean {
  return (flags & (BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT)) === BPF_F_STRICT_ALIGNMENT;
}
