import { E, type HelperContext, type HelperFamily } from './helper-context';

const encoder = new TextEncoder();

/** kernel/trace/bpf_trace.c: bpf_d_path. @returns bytes with the NUL, -ENAMETOOLONG */
function dPath(c: HelperContext, path: number, buf: number, size: number): number {
  if (size === 0) return 0;
  const text = c.services.dPath?.(path);
  if (text === undefined) return E.INVAL;
  const bytes = encoder.encode(text);
  if (bytes.length + 1 > size) return E.NAMETOOLONG;
  const { u8 } = c.memory;
  u8.set(bytes, buf);
  u8[buf + bytes.length] = 0;
  return bytes.length + 1;
}

export const FILE_HELPERS: HelperFamily = {
  d_path: (c) => (path, buf, size) => dPath(c, path, buf, size >>> 0),
};
