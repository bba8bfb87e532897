/**
 * `npm run bench`: each figure is a ratio against a baseline taken in the same run. What was measured on which machine
 * is kept in docs/benchmarks.md.
 */
import { cpus } from 'node:os';
import { loadKernelImage } from '@probed/assets';
import { type KernelImage, Machine } from '@probed/machine';
import { RingBuffer } from '@probed/maps';
import type { Engine, LoadedProgram } from '@probed/runtime';
import { findScenario } from '@probed/workload';
import { bestNs, type Figure } from './measure';
import { loadPrograms } from './programs';
import { storeFigures } from './store';
import { verifierFigures } from './verifier';

const BATCH = 1000;

function machineOf(image: KernelImage, engine: Engine) {
  const machine = new Machine({ image, engine });
  return { machine, ...loadPrograms(machine.runtime) };
}

/** Hand-written JavaScript that does what the program of the same name does. */
function baselines(): ReadonlyMap<string, () => void> {
  const bytes = new Uint8Array(4096);
  const counters = new BigUint64Array(16);
  const table = new Map<number, number>();
  const queue: Uint8Array[] = [];
  let sink = 0;
  let key = 0;
  return new Map<string, () => void>([
    ['trivial', () => void (sink ^= 1)],
    [
      'hash-fnv1a',
      () => {
        let h = -2128831035;
        for (let i = 0; i < 4096; i++) h = Math.imul(h ^ bytes[i], 16777619);
        sink ^= h;
      },
    ],
    ['array-increment', () => void (counters[3] += 1n)],
    [
      'hash-lookup-update',
      () => {
        key = (key + 1) % 10_000;
        sink ^= table.get(key) ?? 0;
        table.set(key, key);
      },
    ],
    [
      'ringbuf-64',
      () => {
        queue.push(new Uint8Array(64));
        if (queue.length === BATCH) queue.length = 0;
      },
    ],
  ]);
}

function programNs(setup: ReturnType<typeof machineOf>, name: string, batch: number): number {
  const { machine, maps, programs } = setup;
  const program = programs.get(name) as LoadedProgram;
  const ring = maps.get('ring') as RingBuffer;
  const ctx = machine.memory.alloc(128);
  let key = 0;
  return bestNs(batch, () => {
    for (let i = 0; i < batch; i++) {
      machine.memory.u32[ctx >> 2] = key = (key + 1) % 10_000;
      program.run(0, ctx);
    }
    if (name === 'ringbuf-64') ring.consume(() => undefined);
  });
}

function programFigures(image: KernelImage): Figure[] {
  const jit = machineOf(image, 'jit');
  const interp = machineOf(image, 'interp');
  const figures: Figure[] = [];
  for (const [name, baseline] of baselines()) {
    const ns = programNs(jit, name, BATCH);
    const baselineNs = bestNs(BATCH, () => {
      for (let i = 0; i < BATCH; i++) baseline();
    });
    figures.push({ name: `${name}, JIT`, ns, baseline: 'JavaScript', baselineNs });
    figures.push({
      name: `${name}, JIT`,
      ns,
      baseline: 'interpreter',
      baselineNs: programNs(interp, name, 10),
    });
  }
  return figures;
}

/** Cost of one system call of the demo scenario, with and without a program on every one of them. */
function workloadFigures(image: KernelImage): Figure[] {
  simulate(image, false);
  const bare = simulate(image, false);
  const traced = simulate(image, true);
  return [
    {
      name: 'system call of the demo scenario, traced',
      ns: traced.ns / traced.calls,
      baseline: 'untraced',
      baselineNs: bare.ns / traced.calls,
    },
  ];
}

/** Runs five virtual seconds. @returns wall time, ns, and system calls seen by the program when one is attached */
function simulate(image: KernelImage, attach: boolean): { ns: number; calls: number } {
  const machine = new Machine({ image });
  const program = loadPrograms(machine.runtime).programs.get('array-increment') as LoadedProgram;
  const hook = machine.kernel.hooks.rawTracepoint('sys_enter');
  if (attach) hook?.raw.add(() => program.run(machine.kernel.cpu(), 0));
  machine.start(demo());
  const start = performance.now();
  machine.run(5e9, () => undefined);
  return { ns: (performance.now() - start) * 1e6, calls: program.stats.runs };
}

function demo() {
  const scenario = findScenario('demo');
  if (!scenario) throw new Error('no demo scenario');
  return scenario;
}

function report(figures: readonly Figure[]): void {
  console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}\n`);
  console.log('| what | ns | baseline | ns | ratio |\n|---|---:|---|---:|---:|');
  for (const { name, ns, baseline, baselineNs } of figures) {
    console.log(
      `| ${name} | ${ns.toFixed(1)} | ${baseline} | ${baselineNs.toFixed(1)} | ${(ns / baselineNs).toFixed(2)} |`,
    );
  }
}

const image = loadKernelImage();
report([...programFigures(image), ...workloadFigures(image), ...verifierFigures(image), ...storeFigures()]);
