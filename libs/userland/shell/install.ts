import {
  type Driver,
  type Kernel,
  type Main,
  type Program,
  USERLAND,
  type UserlandTool,
} from '@probed/system';
import { bashMain } from './bash';
import { TEST } from './builtins/test';
import { JUST_BASH_TOOLS, TOOLS } from './commands';
import { justBashTool, Workbenches } from './commands/just-bash-tool';
import { runTest } from './commands/test-tool';
import { type Tool, ToolRun } from './commands/tool';
import { loadJustBash } from './just-bash';
import type { ShellHooks } from './language/shell';

export type ShellOptions = ShellHooks;

const TOOL_SYMBOLS = ['_start', 'main', 'usage', 'error', 'xmalloc', 'quotearg_buffer', 'close_stdout'];
const FAILED = 1;

function programOf({ name, dir = 'usr/bin', libraries }: UserlandTool): Omit<Program, 'main' | 'driver'> {
  return {
    name,
    image: {
      path: `/${dir}/${name}`,
      aliases: dir === 'usr/bin' ? [`/bin/${name}`] : [],
      symbols: TOOL_SYMBOLS,
      entry: ['_start', 'main'],
    },
    libraries,
  };
}

function toolMain(tool: Tool): Main {
  return function* (u) {
    const run = new ToolRun(u);
    try {
      const result = tool(run);
      const code = typeof result === 'number' ? result : yield* result;
      return (yield* run.flush()) < 0 ? FAILED : code;
    } catch (error) {
      // A fault of ours must not take the node with it: the host hears of it, the tool ends.
      u.k.drivers.onCrash?.(u.task.pid, error);
      return yield* run.fail(`internal error: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

/**
 * Puts a real shell and real tools in the place of a kernel's stock ones: `bash` and `sh`, and what
 * {@link USERLAND} lists. Call it before containers start processes.
 */
export function installShell(kernel: Kernel, options: ShellOptions = {}): void {
  const bash: Driver = async (process) => {
    const module = await loadJustBash();
    return process.run((u) => bashMain(u, module, options));
  };
  const names = USERLAND.map(({ name }) => name);
  const processes = new Set(names.filter((name) => !JUST_BASH_TOOLS.includes(name)));
  const benches = new Workbenches(JUST_BASH_TOOLS, new Set([...processes, 'sh']));
  for (const tool of USERLAND) {
    const { name } = tool;
    const own = TOOLS[name] ?? (TEST[name] && runTest);
    if (name === 'bash') kernel.programs.replace({ ...programOf(tool), driver: bash });
    else if (own) kernel.programs.replace({ ...programOf(tool), main: toolMain(own) });
    else kernel.programs.replace({ ...programOf(tool), driver: justBashTool(name, benches) });
  }
}
