import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '@probed/system';
const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;
test.each([[1, 'getppid'], [4, 'getppid'], [1, 'read'], [1,'openclose'], [4,'read']])('bench %s %s', (n, what) => {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 7 });
  let calls = 0;
  kernel.programs.register({ name: 'spin', image: { path: '/usr/bin/spin', symbols: ['main'], entry: ['main'] }, isStatic: true, *main(u) {
    const fd = yield* u.open('/etc/passwd');
    for (;;) { calls++;
      if (what === 'getppid') yield* u.getppid();
      else if (what === 'read') yield* u.pread(fd, 100, 0);
      else { calls++; yield* u.close(yield* u.open('/etc/passwd')); } }
  } });
  const root = kernel.createRoot({ 'bin/spin': { program: 'spin' }, 'etc/passwd': 'hello world' });
  for (let i = 0; i < n; i++) kernel.launch({ path: '/bin/spin', argv: ['spin'], root });
  const start = kernel.nowNs();
  kernel.run(start + 20e6);
  calls = 0;
  const t = performance.now();
  while (performance.now() - t < 1000) kernel.run(kernel.nowNs() + 5e6);
  console.log(n, what, ((calls / (performance.now() - t)) * 1000 / 1e6).toFixed(3), 'M/s');
});
