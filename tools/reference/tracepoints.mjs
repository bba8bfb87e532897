// tracefs `format` files → the packed text that `TracepointFormats` of @probed/abi reads.
import { ADDED_SYSCALLS } from './added-syscalls.mjs';

const FIELD = /^\tfield:(.*);\toffset:(\d+);\tsize:(\d+);\tsigned:([01]);$/;
const COMMON_FIELDS = 4;

/** One `format` file as { group, name, id, fields: [{declaration, offset, size, signed}], printFmt }. */
export function parseFormatFile(group, text) {
  const at = text.indexOf('\nprint fmt: ');
  const lines = text.slice(0, at).split('\n');
  const fields = lines.map((line) => FIELD.exec(line)).filter(Boolean);
  const [common, own] = [fields.slice(0, COMMON_FIELDS), fields.slice(COMMON_FIELDS)];
  if (common.at(-1)?.[1] !== 'int common_pid') throw new Error(`${group}: unusual common fields`);
  return {
    group,
    name: lines[0].replace('name: ', ''),
    id: Number(lines[1].replace('ID: ', '')),
    fields: own.map(([, declaration, offset, size, signed]) => ({
      declaration,
      offset: Number(offset),
      size: Number(size),
      signed: Number(signed),
    })),
    printFmt: text.slice(at + '\nprint fmt: '.length, -1),
  };
}

/** The `sys_enter_X` and `sys_exit_X` of a syscall, printed as kernel/trace/trace_syscalls.c prints them. */
function syscallFormats({ define, args }, id) {
  const nr = { declaration: 'int __syscall_nr', offset: 8, size: 4, signed: 1 };
  const list = args ? args.split(', ') : [];
  const enter = list.map((declaration, i) => ({ declaration, offset: 16 + 8 * i, size: 8, signed: 0 }));
  const names = list.map((arg) => arg.slice(arg.lastIndexOf(' ') + 1));
  const text = names.map((name) => `${name}: 0x%08lx`).join(', ');
  const values = names.map((name) => `, ((unsigned long)(REC->${name}))`).join('');
  const ret = { declaration: 'long ret', offset: 16, size: 8, signed: 1 };
  return [
    {
      group: 'syscalls',
      name: `sys_enter_${define}`,
      id,
      fields: [nr, ...enter],
      printFmt: `"${text}"${values}`,
    },
    {
      group: 'syscalls',
      name: `sys_exit_${define}`,
      id: id + 1,
      fields: [nr, ret],
      printFmt: '"0x%lx", REC->ret',
    },
  ];
}

/** Adds what the host's configuration leaves out; their ids follow the host's last one. */
export function addMissingSyscalls(formats) {
  const known = new Set(formats.map((f) => `${f.group}/${f.name}`));
  let id = Math.max(...formats.map((f) => f.id)) + 1;
  const added = [];
  for (const call of ADDED_SYSCALLS) {
    if (known.has(`syscalls/sys_enter_${call.define}`)) continue;
    added.push(...syscallFormats(call, id));
    id += 2;
  }
  return [...formats, ...added];
}

export function packTracepointFormats(formats) {
  const line = ({ group, name, id, fields, printFmt }) =>
    [
      `${group}/${name}`,
      id,
      fields.length,
      ...fields.flatMap((f) => [f.declaration, f.offset, f.size, f.signed]),
      printFmt.replace(/\\/g, '\\\\').replace(/\n/g, '\\n'),
    ].join('\t');
  return formats.map(line).join('\n');
}
