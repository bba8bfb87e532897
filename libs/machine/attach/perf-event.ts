import { PERF_COUNT_HW, PERF_COUNT_SW, PERF_TYPE } from '@probed/abi';
import { ok, writeI64 } from '@probed/base';
import type { PerfValue } from '@probed/helpers';
import type { PerfSample } from '@probed/hooks';
import { PT_REGS_BYTES, readStackRegs, writePtRegs } from '../contexts/pt-regs';
import type { AttachEnv } from './attach-env';
import type { Attacher, PerfTarget } from './attachment';
import { badTarget, noSuchHook } from './errors';

/** `perf list` names of the events that the kernel can sample. */
export const PERF_EVENTS: Readonly<Record<string, { readonly type: number; readonly config: number }>> = {
  'cpu-clock': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.CPU_CLOCK },
  'task-clock': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.TASK_CLOCK },
  'page-faults': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.PAGE_FAULTS },
  'minor-faults': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.PAGE_FAULTS_MIN },
  'major-faults': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.PAGE_FAULTS_MAJ },
  'context-switches': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.CONTEXT_SWITCHES },
  'cpu-migrations': { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.CPU_MIGRATIONS },
  'cpu-cycles': { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.CPU_CYCLES },
  instructions: { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.INSTRUCTIONS },
  'cache-references': { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.CACHE_REFERENCES },
  'cache-misses': { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.CACHE_MISSES },
  'branch-instructions': { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.BRANCH_INSTRUCTIONS },
  'branch-misses': { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.BRANCH_MISSES },
};

/** What a perf_event program samples when neither its section nor the user says: CPU time, 99 times a second. */
const DEFAULT_TARGET: PerfTarget = { event: 'cpu-clock', frequencyHz: 99 };

/** Offsets in `struct bpf_perf_event_data` (include/uapi/linux/bpf_perf_event.h). */
const SAMPLE_PERIOD = PT_REGS_BYTES;
const ADDR = PT_REGS_BYTES + 8;

/** `SEC("perf_event")`: the program sees `struct bpf_perf_event_data` of each sample on each CPU. */
export const attachPerfEvent: Attacher = (program, target, options, env) => {
  const parsed = options.perf ?? (target ? parsePerfTarget(target) : DEFAULT_TARGET);
  if (!parsed)
    return badTarget(`perf event "${target}"`, 'NAME, NAME:hz=N or NAME:period=N, e.g. cpu-clock:hz=99');
  const event = PERF_EVENTS[parsed.event];
  if (!event)
    return noSuchHook(`perf event ${parsed.event}`, `one of ${Object.keys(PERF_EVENTS).join(', ')}`);
  const label = `perf_event:${parsed.event}`;
  const { frequencyHz, period } = parsed;
  const cookie = options.cookie ?? 0;
  const counters = new CpuCounters(env);
  const detach = env.hooks.perf.open({ ...event, frequencyHz, period }, (sample) => {
    counters.add(sample);
    const perfValue = () => counters.value();
    const info = { cookie, functionIp: 0, samplePeriod: sample.period, perfValue };
    env.fire(program, label, (ctx) => writeSample(env, ctx, sample), info);
  });
  if (!detach) return noSuchHook(`perf event ${parsed.event}`, 'the emulated CPU does not count it');
  return ok({ detach, hook: label, state: 'live' });
};

/** The event's counter on each CPU, as `perf_event_read_local` has it: running since the program was attached. */
class CpuCounters {
  private readonly counts: number[] = [];
  private readonly sinceNs: number;

  constructor(private readonly env: AttachEnv) {
    this.sinceNs = env.kernel.nowNs();
  }

  add({ period }: PerfSample): void {
    const cpu = this.env.kernel.cpu();
    this.counts[cpu] = (this.counts[cpu] ?? 0) + period;
  }

  /** Of the current CPU; never multiplexed, hence running as long as enabled. */
  value(): PerfValue {
    const enabled = Math.floor(this.env.kernel.nowNs() - this.sinceNs);
    return { counter: this.counts[this.env.kernel.cpu()] ?? 0, enabled, running: enabled };
  }
}

function writeSample(env: AttachEnv, ctx: number, sample: PerfSample): void {
  const { view } = env.memory;
  const { ip, user } = sample;
  const stack = user ? readStackRegs(view, env.kernel.userRegs()) : env.kernel.kernelFrame(false);
  writePtRegs(view, ctx, { ip, user, ...stack });
  writeI64(view, ctx + SAMPLE_PERIOD, sample.period);
  writeI64(view, ctx + ADDR, sample.addr);
}

/** Parses `cpu-clock`, `cpu-clock:hz=99`, `cpu-cycles:period=100000`. */
export function parsePerfTarget(text: string): PerfTarget | undefined {
  const match = /^([a-z-]+)(?::(hz|period)=([1-9]\d{0,11}))?$/.exec(text);
  if (!match) return undefined;
  const [, event, unit, count] = match;
  if (unit === 'period') return { event, period: Number(count) };
  return { event, frequencyHz: unit === 'hz' ? Number(count) : DEFAULT_TARGET.frequencyHz };
}
