import { ProgType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkStructOpsWrite } from './struct-ops';

/** Structs of the kernel with a field that programs of some types may write (net/netfilter/nf_conntrack_bpf.c). */
const NF_CONN = { field: 'mark', size: 4 } as const;
const WRITABLE: Readonly<Record<string, { readonly field: string; readonly size: number }>> = {
  nf_conn: NF_CONN,
  nf_conn___init: NF_CONN,
};

/** Program types whose stores into kernel objects are looked at by field (`btf_struct_access` of their ops). */
const WRITERS: ReadonlySet<number> = new Set([ProgType.SCHED_CLS, ProgType.SCHED_ACT, ProgType.XDP]);

/** A store into a struct of the kernel: refused but for the fields that are meant for programs. */
export function checkKernelWrite(env: VerifierEnv, structId: number, off: number, size: number): void {
  if (env.spec.type === ProgType.STRUCT_OPS) {
    checkStructOpsWrite(env, structId, off, size);
    return;
  }
  const { btf } = env.facts;
  const name = btf.type(structId).name;
  const rule = WRITERS.has(env.spec.type) ? WRITABLE[name] : undefined;
  if (!rule) env.reject('EACCES', 'only read is supported');
  const start = btf.memberOffset(structId, rule.field);
  if (off !== start) env.reject('EACCES', `no write support to nf_conn at off ${off}`);
  const end = start + rule.size;
  if (off + size <= end) return;
  env.reject(
    'EACCES',
    `write access at off ${off} with size ${size} beyond the member of nf_conn ended at ${end}`,
  );
}
