import type {
  Detach,
  PerfEventAttr,
  PerfEvents as PerfEventsContract,
  PerfListener,
  PerfSample,
} from '@probed/hooks';
import type { Kernel } from '../kernel';
import type { Cpu } from '../sched/cpu';
import { CLOCK_EVENTS, type ClockEvent, COUNTED_EVENTS, type CountedEvent } from './event-table';

/** Fastest sampling (`kernel.perf_event_max_sample_rate`), as ns between samples. */
const MIN_PERIOD_NS = 10_000;

/** One event that samples on one CPU by the passing of time. */
interface Sampler {
  readonly event: ClockEvent;
  /** Distance of two samples, ns of virtual time. */
  readonly everyNs: number;
  readonly period: number;
  readonly listener: PerfListener;
  nextNs: number;
}

/** One event that samples each `period` occurrences. */
interface Counter {
  readonly period: number;
  readonly cpu: number | undefined;
  readonly listener: PerfListener;
  left: number;
}

/**
 * perf_event_open(2) of the emulated machine (`kernel/events/core.c`). Clock events and hardware counters follow
 * virtual time; software events are counted where they happen.
 */
export class PerfEvents implements PerfEventsContract {
  private readonly samplers: Sampler[][] = [];
  private readonly counters = new Map<CountedEvent, Counter[]>();

  constructor(private readonly k: Kernel) {}

  open(attr: PerfEventAttr, listener: PerfListener): Detach | undefined {
    const counted = COUNTED_EVENTS[`${attr.type}:${attr.config}`];
    if (counted) return this.openCounter(counted, attr, listener);
    const clock = CLOCK_EVENTS[`${attr.type}:${attr.config}`];
    return clock && this.openSampler(clock, attr, listener);
  }

  /** A software event has happened on the current CPU. */
  count(event: CountedEvent, addr = 0): void {
    const counters = this.counters.get(event);
    if (!counters) return;
    const { cur } = this.k.sched;
    for (const counter of counters) {
      if (counter.cpu !== undefined && counter.cpu !== cur.id) continue;
      if (--counter.left > 0) continue;
      counter.left = counter.period;
      const user = cur.current.stack.depth === 0;
      counter.listener({ ip: this.k.samplePoint(), user, period: counter.period, addr });
    }
  }

  /** Takes the samples that are due on a CPU whose clock has reached `nextSampleNs`. */
  sample(cpu: Cpu): void {
    for (const sampler of this.samplers[cpu.id] ?? []) {
      let due = 0;
      while (sampler.nextNs <= cpu.clock) {
        sampler.nextNs += sampler.everyNs;
        due++;
      }
      if (due === 0 || (sampler.event.busyOnly && !cpu.busy)) continue;
      const { current } = cpu;
      const user = current.stack.depth === 0 && current.mm !== undefined;
      sampler.listener({ ip: this.k.samplePoint(), user, period: sampler.period * due, addr: 0 });
    }
    this.rearm(cpu);
  }

  /** Hands a sample that somebody made to whoever samples this event on the current CPU. */
  deliver(type: number, config: number, sample: PerfSample): void {
    const { id } = this.k.sched.cur;
    const counted = COUNTED_EVENTS[`${type}:${config}`];
    for (const counter of (counted && this.counters.get(counted)) ?? [])
      if (counter.cpu === undefined || counter.cpu === id) counter.listener(sample);
    const clock = CLOCK_EVENTS[`${type}:${config}`];
    for (const sampler of this.samplers[id] ?? []) if (sampler.event === clock) sampler.listener(sample);
  }

  private openCounter(event: CountedEvent, attr: PerfEventAttr, listener: PerfListener): Detach {
    const period = attr.period ?? 1;
    const counter: Counter = { period, cpu: attr.cpu, listener, left: period };
    const list = this.counters.get(event) ?? [];
    this.counters.set(event, [...list, counter]);
    return () => {
      const rest = (this.counters.get(event) ?? []).filter((other) => other !== counter);
      if (rest.length > 0) this.counters.set(event, rest);
      else this.counters.delete(event);
    };
  }

  private openSampler(event: ClockEvent, attr: PerfEventAttr, listener: PerfListener): Detach {
    const wantedNs = attr.frequencyHz ? 1e9 / attr.frequencyHz : (attr.period ?? 1) / event.perNs;
    const everyNs = Math.max(MIN_PERIOD_NS, Math.round(wantedNs));
    const cpus = this.k.sched.cpus.filter((cpu) => attr.cpu === undefined || attr.cpu === cpu.id);
    const opened = cpus.map((cpu) => {
      const period = attr.period ?? Math.round(everyNs * event.perNs);
      const nextNs = Math.max(cpu.clock, this.k.nowNs()) + everyNs;
      const sampler: Sampler = { event, everyNs, period, listener, nextNs };
      this.samplers[cpu.id] = [...(this.samplers[cpu.id] ?? []), sampler];
      this.rearm(cpu);
      return { cpu, sampler };
    });
    return () => {
      for (const { cpu, sampler } of opened) {
        this.samplers[cpu.id] = this.samplers[cpu.id].filter((other) => other !== sampler);
        this.rearm(cpu);
      }
    };
  }

  /** Sets when the CPU must look again; an event sees to it even when the CPU is idle. */
  private rearm(cpu: Cpu): void {
    let next = Number.POSITIVE_INFINITY;
    for (const sampler of this.samplers[cpu.id] ?? []) if (sampler.nextNs < next) next = sampler.nextNs;
    cpu.nextSampleNs = next;
    if (next === Number.POSITIVE_INFINITY) return;
    this.k.sched.at(next, cpu.id, () => {
      if (cpu.nextSampleNs === next) this.sample(cpu);
    });
  }
}
