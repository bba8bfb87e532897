/** Arguments at most (include/linux/bpf.h: MAX_BPRINTF_VARARGS). */
const MAX_VARARGS = 12;

/** `%` conversions that take one argument, after flags and width (kernel/bpf/helpers.c: bpf_bprintf_prepare). */
const POINTER = /^p(?:$|[^a-zA-Z0-9]|K|x|s|S|B|[kuI]s?)/;
const NUMBER = /^(?:hh|h|ll|l|)[diuxX]/;

/** Whether `bpf_snprintf` takes this format with this number of arguments. */
export function isFormatValid(format: string, args: number): boolean {
  if (args > MAX_VARARGS) return false;
  let used = 0;
  for (let i = 0; i < format.length; i++) {
    if (format.charCodeAt(i) > 0x7e || isControl(format.charCodeAt(i))) return false;
    if (format[i] !== '%') continue;
    if (format[i + 1] === '%') {
      i++;
      continue;
    }
    const spec = /^[0+\- ]*[1-9]?[0-9]*/.exec(format.slice(i + 1))?.[0] ?? '';
    const rest = format.slice(i + 1 + spec.length);
    const length = conversionLength(rest);
    if (length === 0 || ++used > args) return false;
    i += spec.length + length;
  }
  return used === args;
}

function isControl(code: number): boolean {
  return code < 0x20 && !(code >= 0x09 && code <= 0x0d);
}

function conversionLength(rest: string): number {
  if (/^pi[46]|^pI[46]/.test(rest)) return 3;
  if (/^p[ku]s/.test(rest)) return 3;
  if (rest.startsWith('s') || rest.startsWith('c')) return 1;
  if (rest.startsWith('p')) return POINTER.test(rest) ? (/^p[KxsSB]/.test(rest) ? 2 : 1) : 0;
  return NUMBER.exec(rest)?.[0].length ?? 0;
}
