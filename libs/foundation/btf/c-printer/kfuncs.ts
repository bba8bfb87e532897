import type { Btf } from '../btf';
import type { Orderer } from './orderer';
import type { Renderer } from './render';

const HEADER = `#ifndef BPF_NO_KFUNC_PROTOTYPES
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

`;

const FOOTER = `
#endif /* BPF_NO_KFUNC_PROTOTYPES */

`;

/** Ids of the functions that carry the declaration tag `bpf_kfunc`, in order of id and each name once. */
function kfuncIds(btf: Btf): number[] {
  const byName = new Map<string, number>();
  for (const id of btf.idsOfKind('decl_tag')) {
    const tag = btf.type(id);
    if (tag.kind !== 'decl_tag' || tag.name !== 'bpf_kfunc' || tag.componentIndex !== -1) continue;
    const func = btf.type(tag.typeId);
    if (func.kind === 'func' && !byName.has(func.name)) byName.set(func.name, func.id);
  }
  return [...byName.values()].sort((a, b) => a - b);
}

/** Weak extern prototypes of the kernel's kfuncs, guarded as newer versions of bpftool do. */
export function kfuncPrototypes(btf: Btf, orderer: Orderer, renderer: Renderer): string {
  const lines = kfuncIds(btf).map((id) => {
    const func = btf.type(id);
    if (func.kind !== 'func') return '';
    orderer.declare(func.typeId);
    return `extern ${renderer.declaration(func.typeId, func.name, 0)} __weak __ksym;\n`;
  });
  return lines.length === 0 ? '' : `${HEADER}${lines.join('')}${FOOTER}`;
}
