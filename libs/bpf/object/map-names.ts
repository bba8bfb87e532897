/** BPF_OBJ_NAME_LEN: names of maps and programs, NUL included. */
const NAME_BYTES = 16;
/** Longest of `.rodata`, `.data`, `.bss`, `.kconfig` that the object's name must leave room for. */
const SUFFIX_BYTES_MIN = 7;

/** Name of an object as libbpf makes it from a file name: the base name up to the first dot, at most 15 characters. */
export function objectName(file: string): string {
  const base = file.slice(file.lastIndexOf('/') + 1);
  const dot = base.indexOf('.');
  return (dot < 0 ? base : base.slice(0, dot)).slice(0, NAME_BYTES - 1);
}

/**
 * Name of the map of a data section: `<object>.rodata`, with the object's part cut to fit 15 characters; a section
 * with a suffix of its own (`.rodata.foo`) goes by its own name. tools/lib/bpf/libbpf.c: internal_map_name.
 */
export function dataMapName(object: string, section: string): string {
  const suffix = section.slice(0, NAME_BYTES - 1);
  const room = NAME_BYTES - Math.max(SUFFIX_BYTES_MIN, suffix.length) - 1;
  const prefix = section.includes('.', 1) ? '' : object.slice(0, Math.max(0, room));
  return (prefix + suffix).replace(/[^A-Za-z0-9_.]/g, '_');
}
