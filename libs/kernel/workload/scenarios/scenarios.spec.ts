import { loadReferenceKernel } from '@probed/assets';
import { Prng } from '@probed/base';
import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '@probed/system';
import { SCENARIOS } from './index';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);

function boot(seed: number): Kernel {
  if (!parsed.ok) throw new Error();
  return new Kernel({ memory: new KernelMemory(), btf: parsed.value, symbols: reference.symbols, seed });
}

test.each(SCENARIOS.map((s) => [s.name, s] as const))('%s', (_name, scenario) => {
  const kernel = boot(7);
  const counts = new Map<string, number>();
  const lines: string[] = [];
  const bump = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const [group, name] of [
    ['raw_syscalls', 'sys_enter'], ['raw_syscalls', 'sys_exit'], ['sched', 'sched_switch'], ['sched', 'sched_process_exec'],
    ['sched', 'sched_process_fork'], ['sched', 'sched_process_exit'], ['sock', 'inet_sock_set_state'], ['sched', 'sched_wakeup'],
    ['sched', 'sched_migrate_task'], ['signal', 'signal_generate'],
  ])
    kernel.hooks.tracepoint(group, name)!.record.add((f) => {
      bump(name);
      if (name === 'sched_process_exec') lines.push(`${((kernel.nowNs() - start) / 1e6).toFixed(2)} ${kernel.current().pid} ${kernel.current().ppid} ${kernel.current().comm} ${f.filename}`);
    });
  scenario.start(kernel, new Prng(7));
  const start = kernel.nowNs();
  const t = Date.now();
  kernel.run(start + scenario.defaultDurationNs);
  console.log(scenario.name, Date.now() - t, 'ms', Object.fromEntries(counts), kernel.memory.usedBytes, lines.slice(0, 40).join('\n'));
});
