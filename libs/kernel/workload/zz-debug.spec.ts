import { writeFileSync } from 'node:fs';
import { syscallByNumber } from '@probed/abi';
import { loadReferenceKernel } from '@probed/assets';
import { Prng } from '@probed/base';
import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '@probed/system';
import { SCENARIOS } from './index';
const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;
test.each(SCENARIOS.map((s) => [s.name, s] as const))('%s', (_n, scenario) => {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 7 });
  const out: string[] = [];
  const start = kernel.nowNs();
  const t = () => `${((kernel.nowNs() - start) / 1e6).toFixed(3)} c${kernel.cpu()} ${kernel.current().pid} ${kernel.current().comm}`;
  kernel.hooks.tracepoint('raw_syscalls', 'sys_exit')!.record.add((f) => {
    const nr = f.id as number;
    const args = Array.from(kernel.task.sysArgs);
    const row = syscallByNumber(nr)!;
    const shown = row.args.map((a, i) => a.type.includes('char *') && /name|path|file/.test(a.name) && kernel.task.mm ? JSON.stringify(kernel.user.readText(kernel.task.mm, args[i])) : args[i] > 0xffff ? '0x' + args[i].toString(16) : args[i]);
    out.push(`${t()} ${row.name}(${shown.join(', ')}) = ${f.ret}`);
  });
  for (const [g, n] of [['sched', 'sched_process_exec'], ['sched', 'sched_process_fork'], ['sched', 'sched_process_exit'], ['sock', 'inet_sock_set_state'], ['sched','sched_switch'], ['signal','signal_generate'], ['signal','signal_deliver']])
    kernel.hooks.tracepoint(g, n)!.record.add((f) => out.push(`${t()} ** ${n} ${JSON.stringify(f, (k, v) => (v instanceof Uint8Array ? [...v].join('.') : k.endsWith('_v6') ? undefined : v))}`));
  scenario.start(kernel, new Prng(7));
  kernel.run(start + scenario.defaultDurationNs);
  writeFileSync(`/tmp/k/${scenario.name}.txt`, out.join('\n'));
});
