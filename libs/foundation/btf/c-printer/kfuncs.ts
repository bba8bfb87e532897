import type { Btf } from '../btf';
import type { BtfFunc } from '../types';
import type { Renderer } from './renderer';

const HEADER = '\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n';
const FOOTER = '#endif\n\n';

/** Ids of the functions that carry a declaration tag, in order of the tags. */
function taggedFunctions(btf: Btf, name: string): BtfFunc[] {
  const functions: BtfFunc[] = [];
  for (const id of btf.idsOfKind('decl_tag')) {
    const tag = btf.type(id);
    if (tag.kind !== 'decl_tag' || tag.name !== name || tag.componentIndex !== -1) continue;
    const func = btf.type(tag.typeId);
    if (func.kind === 'func') functions.push(func);
  }
  return functions;
}

/** Weak extern prototypes of the kernel functions tagged `bpf_kfunc`. tools/bpf/bpftool/btf.c: dump_btf_kfuncs. */
export function kfuncPrototypes(btf: Btf, renderer: Renderer): string {
  const fast = new Set(taggedFunctions(btf, 'bpf_fastcall').map(({ id }) => id));
  const lines = taggedFunctions(btf, 'bpf_kfunc').map(({ id, typeId, name }) => {
    const attribute = fast.has(id) ? '__bpf_fastcall ' : '';
    return `extern ${attribute}${renderer.declaration(typeId, name, 0)} __weak __ksym;\n`;
  });
  return `${HEADER}${lines.join('')}${FOOTER}`;
}
