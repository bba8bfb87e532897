import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import type { KernelHost } from '../host';

/** Time for the answer to get out, ms. */
const FAULT_AFTER_MS = 20;

/** How the thread does, and failures to rehearse. */
export function statusCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, 'status' | 'fault'> {
  const { cluster, pace, nodes, startNs } = host;
  return {
    status: () => ({
      virtual_ns: cluster.nowNs() - startNs,
      lag_ms: pace.lagMs(performance.now(), cluster.nowNs()),
      release: nodes[0].machine.options.image.release,
      memory_bytes: nodes.reduce((sum, { machine }) => sum + machine.memory.usedBytes, 0),
    }),
    fault: ({ mode }) => {
      const crash = () => host.fail(new Error('a crash of the kernel thread was asked for'));
      setTimeout(mode === 'crash' ? crash : hang, FAULT_AFTER_MS);
      return null;
    },
  };
}

/** Never comes back. */
function hang(): never {
  for (;;);
}
