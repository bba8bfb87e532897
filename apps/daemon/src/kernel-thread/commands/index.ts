import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import type { KernelHost } from '../host';
import { bpffsCommands } from './bpffs';
import { execCommands } from './exec';
import { hookCommands } from './hooks';
import { linkCommands } from './links';
import { mapCommands } from './maps';
import { objectCommands } from './objects';
import { programCommands } from './programs';
import { statusCommands } from './status';
import { workloadCommands } from './workload';

/** All that user space can ask of the kernel thread, one file a family. */
export function kernelCommands(host: KernelHost): CommandHandlers<KernelCommands> {
  return {
    ...objectCommands(host),
    ...programCommands(host),
    ...linkCommands(host),
    ...mapCommands(host),
    ...bpffsCommands(host),
    ...hookCommands(host),
    ...execCommands(host),
    ...workloadCommands(host),
    ...statusCommands(host),
  };
}
