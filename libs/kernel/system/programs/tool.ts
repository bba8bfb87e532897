import type { ImageProbe } from '../user/image';
import type { Main, Program } from '../user/programs';

const COMMON = ['_start', 'main', 'usage', 'error', 'xmalloc', 'quotearg_buffer', 'close_stdout'];

/** A program below /usr/bin, known to uprobes under /bin too. */
export function tool(
  name: string,
  main: Main,
  more: Partial<Omit<Program, 'main' | 'name'>> & { symbols?: readonly string[] } = {},
): Program {
  const { symbols = [], ...rest } = more;
  return {
    name,
    main,
    image: {
      path: `/usr/bin/${name}`,
      aliases: [`/bin/${name}`],
      symbols: [...COMMON, ...symbols],
      entry: ['_start', 'main'],
    },
    ...rest,
  };
}

/** A daemon at a path of its own. */
export function daemon(
  name: string,
  path: string,
  symbols: readonly string[],
  main: Main,
  more: Partial<Program> & { readonly probes?: readonly ImageProbe[] } = {},
): Program {
  const { probes, ...rest } = more;
  return {
    name,
    main,
    image: { path, symbols: ['_start', 'main', ...symbols], entry: ['_start', 'main'], probes },
    ...rest,
  };
}
