// Renders bpf_helper_defs.h from the helper table and the C prototypes beside this file. Pure, apart from reading them.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const PROTOTYPE = /^(?<ret>[\w ]+?[ *]+)(?<name>[a-z]\w*)\((?<params>.*)\)$/;

/** @returns {Map<string, { ret: string, params: string }>} by helper name, without the `bpf_` prefix */
function readPrototypes() {
  const prototypes = new Map();
  for (const line of readFileSync(join(__dirname, 'helper-prototypes.txt'), 'utf8').split('\n')) {
    if (!line || line.startsWith('#')) continue;
    const match = PROTOTYPE.exec(line);
    if (!match) throw new Error(`helper-prototypes.txt: not a prototype: ${line}`);
    const { ret, name, params } = match.groups;
    if (prototypes.has(name)) throw new Error(`helper-prototypes.txt: ${name} is there twice`);
    prototypes.set(name, { ret, params });
  }
  return prototypes;
}

/** Number of parameters, `...` not counted. */
function arity(params) {
  if (params === 'void') return 0;
  return params.split(',').filter((param) => param.trim() !== '...').length;
}

const HEAD = `/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's helper functions (enum bpf_func_id of Linux 6.18). A call through a constant pointer whose value is the
 * helper's number becomes \`call NUMBER\`. Made by tools/headers/make-helper-defs.mjs; not to be edited.
 */
#ifndef __BPF_HELPER_DEFS__
#define __BPF_HELPER_DEFS__

#pragma GCC system_header

/*
 * On a helper that leaves r1 to r5 alone, lets the compiler keep values in them; the stores and loads that it adds
 * for older kernels are dropped by the verifier of newer ones.
 */
#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif
`;

/**
 * @param {readonly { id: number, name: string, args: readonly unknown[], uncheckedArgs?: number, allowFastcall?: boolean }[]} helpers
 *   rows of the helper table (`HELPERS` of libs/bpf/spec)
 * @returns {string} text of bpf_helper_defs.h
 */
function renderHelperDefs(helpers) {
  const prototypes = readPrototypes();
  const structs = new Set();
  const lines = helpers.map(({ id, name, allowFastcall }) => {
    const prototype = prototypes.get(name);
    if (!prototype) throw new Error(`helper-prototypes.txt: no prototype of helper ${id}, ${name}`);
    prototypes.delete(name);
    const { ret, params } = prototype;
    for (const [, struct] of `${ret},${params}`.matchAll(/\bstruct (\w+)/g)) structs.add(struct);
    return `static ${allowFastcall ? '__bpf_fastcall ' : ''}${ret}(* const bpf_${name})(${params}) = (void *) ${id};`;
  });
  for (const name of prototypes.keys()) throw new Error(`helper-prototypes.txt: no helper is named ${name}`);
  const forward = [...structs].sort().map((struct) => `struct ${struct};`);
  return [HEAD, ...forward, '', ...lines, '', '#endif /* __BPF_HELPER_DEFS__ */', ''].join('\n');
}

module.exports = { arity, readPrototypes, renderHelperDefs };
