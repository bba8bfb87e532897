import { assert, type Prng } from '@probed/base';
import type { Kernel } from '../kernel';
import { EXIT_STATE, TASK_STATE } from '../task/state';
import type { Task } from '../task/task';
import { frame, traced } from '../trace/traced';
import { Cpu } from './cpu';
import { EventQueue, type TimedEvent } from './event-queue';
import { type Sys, YIELD } from './task-program';

/** `CONFIG_HZ=250` */
const TICK_NS = 4_000_000;
/** `sysctl_sched_base_slice` scaled for 4 CPUs. */
const SLICE_NS = 2_800_000;
/** A woken task preempts when it is behind by this much. */
const WAKEUP_GRANULARITY_NS = 1_000_000;
const SWITCH_COST_NS = 1_100;
const WAKE_COST_NS = 420;
/** From a wakeup to the first instruction of an idle CPU (IPI, leaving C1). */
const IDLE_EXIT_NS = 1_900;
/** Mean of what deeper idle states add to that. */
const IDLE_DEPTH_NS = 6_000;
/** A CPU whose turn it is always gets this far, so that two CPUs at the same time both advance. */
const MIN_STEP_NS = 1_000;
/** How far user mode may run ahead of the other CPUs. */
const BURN_AHEAD_NS = 100_000;

/** Bit that the sched_switch record shows for a preempted task (`TASK_REPORT_MAX`). */
const REPORT_MAX = 0x100;

const F_SCHEDULE = frame('schedule');
const F___SCHEDULE = frame('__schedule');
const F_PREEMPT = frame('preempt_schedule_irq');
const F_TIMER_ENTRY = frame('asm_sysvec_apic_timer_interrupt');
const F_TIMER = frame('sysvec_apic_timer_interrupt');
const F_HRTIMER = frame('hrtimer_interrupt');
const F_TICK = frame('sched_tick');

/** @fires try_to_wake_up, sched_waking, sched_migrate_task, sched_wakeup */
const tryToWakeUp = traced<[Task, number, number]>(
  'try_to_wake_up',
  (k, p, state, flags) => [k.ptr(p.offset), state, flags],
  (k, p) => (k.sched.activate(p, false) ? 1 : 0),
);

/** @fires wake_up_new_task, sched_wakeup_new */
export const wakeUpNewTask = traced<[Task]>(
  'wake_up_new_task',
  (k, p) => [k.ptr(p.offset)],
  (k, p) => {
    k.sched.activate(p, true);
    return 0;
  },
);

const finishTaskSwitch = traced<[Task]>(
  ['finish_task_switch', 'finish_task_switch.isra.0'],
  (k, prev) => [k.ptr(prev.offset)],
  () => 0,
);

/**
 * The discrete-event scheduler: several CPUs and one queue of timed events over one virtual time.
 *
 * Invariants: times are whole nanoseconds; exactly one CPU executes at a moment (`cur`); the one that is furthest behind goes next; a CPU's clock
 * never runs backwards; `horizon` is the time up to which the running task may go on without asking.
 */
export class Scheduler {
  readonly events = new EventQueue();
  readonly cpus: Cpu[] = [];
  cur!: Cpu;
  /** The running task yields at its next safe point once its CPU's clock reaches this. */
  horizon = 0;
  /** All virtual time before this has been executed. */
  private reachedNs = 0;
  private untilNs = 0;
  private readonly idleDepths: Prng;

  constructor(private readonly k: Kernel) {
    this.idleDepths = k.prng.fork('idle');
  }

  addCpu(idle: Task, startNs: number): void {
    const cpu = new Cpu(this.cpus.length, idle);
    cpu.clock = startNs;
    this.reachedNs = startNs;
    this.cpus.push(cpu);
    this.cur ??= cpu;
  }

  /**
   * Runs everything due up to `untilNs`, then sets idle CPUs' time to it.
   * @returns false, with time not yet there, when a task is in user mode that is driven from outside and may not be
   * overtaken
   */
  run(until: number): boolean {
    const untilNs = Math.floor(until);
    this.untilNs = untilNs;
    const { drivers } = this.k;
    for (;;) {
      if (drivers.blocked) return false;
      const cpu = this.furthestBehind();
      const eventNs = this.events.nextNs;
      if (eventNs <= (cpu?.clock ?? Number.POSITIVE_INFINITY)) {
        if (eventNs > untilNs) break;
        this.runEvent();
      } else {
        if (!cpu || cpu.clock >= untilNs) break;
        this.step(cpu, eventNs);
      }
    }
    this.reachedNs = untilNs;
    for (const cpu of this.cpus) if (!cpu.busy && cpu.clock < untilNs) cpu.clock = untilNs;
    return true;
  }

  get nextNs(): number {
    const cpu = this.furthestBehind();
    return Math.min(this.events.nextNs, cpu?.clock ?? Number.POSITIVE_INFINITY);
  }

  /** Calls back at `atNs` (or as soon as time allows) on CPU `cpuId`, in interrupt context. */
  at(time: number, cpuId: number, run: () => void): TimedEvent {
    const atNs = Math.ceil(time);
    const event = this.events.add(atNs, () => {
      const cpu = this.cpus[cpuId];
      this.enter(cpu, atNs);
      run();
    });
    if (atNs < this.horizon) this.horizon = atNs;
    return event;
  }

  /** Makes `cpu` the executing one, not before `atNs`. */
  enter(cpu: Cpu, atNs: number): void {
    this.cur = cpu;
    if (cpu.clock < atNs) cpu.clock = atNs;
  }

  /** Charges kernel time to the current task. */
  spend(ns: number): void {
    const { cur } = this;
    const whole = Math.round(ns);
    cur.clock += whole;
    cur.current.stimeNs += whole;
    if (cur.clock >= cur.nextSampleNs) this.k.perf.sample(cur);
  }

  /** Runs the current task in user mode for `ns`, giving way where others come first. */
  *burn(ns: number): Sys<void> {
    let left = Math.round(ns);
    for (;;) {
      const { cur } = this;
      // Computing touches nobody else, so it may run ahead of other CPUs, though not past a timed event.
      const limit = Math.max(this.horizon, Math.min(this.events.nextNs, cur.clock + BURN_AHEAD_NS));
      const room = Math.min(limit, cur.nextSampleNs, this.untilNs) - cur.clock;
      const step = room < left ? Math.max(room, 0) : left;
      cur.clock += step;
      cur.current.utimeNs += step;
      left -= step;
      if (cur.clock >= cur.nextSampleNs) this.k.perf.sample(cur);
      const task = cur.current;
      if (this.shouldYield()) yield YIELD.PREEMPT;
      if (task.signal.groupExiting || task.signalPending()) yield* this.k.signals.deliver();
      if (left <= 0) return;
    }
  }

  /** True when the running task has to give way before it goes on in user mode. */
  shouldYield(): boolean {
    const { clock, needResched } = this.cur;
    return needResched || clock >= this.horizon || clock >= this.untilNs;
  }

  /** Puts the current task to sleep until it is woken. */
  *block(state: number): Sys<void> {
    const { current: task } = this.cur;
    const { stack } = task;
    const { depth } = stack;
    stack.push(this.k.frames[F_SCHEDULE]);
    stack.push(this.k.frames[F___SCHEDULE]);
    this.k.tasks.setState(task, state);
    yield YIELD.BLOCK;
    stack.depth = depth;
  }

  *sleepUntil(untilNs: number, state: number = TASK_STATE.INTERRUPTIBLE): Sys<void> {
    const { current: task } = this.cur;
    if (this.cur.clock >= untilNs) return;
    const timer = this.wakeAt(task, untilNs);
    yield* this.block(state);
    timer.cancelled = true;
  }

  wakeAt(task: Task, atNs: number): TimedEvent {
    const cpu = this.cur.id;
    return this.at(atNs, cpu, () => {
      this.k.irq.timer(() => this.wake(task));
    });
  }

  /** Makes a sleeping task runnable. @returns false when it was not asleep */
  wake(task: Task): boolean {
    if (task.state === TASK_STATE.RUNNING || task.exitState !== EXIT_STATE.NONE) return false;
    return tryToWakeUp(this.k, task, 3, 0) === 1;
  }

  /** The work of `try_to_wake_up` and `wake_up_new_task`. */
  activate(task: Task, isNew: boolean): boolean {
    const { k } = this;
    if (task.exitState !== EXIT_STATE.NONE) return false;
    if (!isNew && task.state === TASK_STATE.RUNNING) return false;
    if (!isNew && k.tp.schedWaking.active) k.tp.schedWaking.fire(task);
    const cpu = this.selectCpu(task, isNew);
    if (cpu.id !== task.cpu) this.migrate(task, cpu);
    k.tasks.setState(task, TASK_STATE.RUNNING);
    task.vruntime = Math.max(task.vruntime, cpu.minVruntime - SLICE_NS / 2);
    cpu.queue.push(task);
    this.spend(WAKE_COST_NS);
    const tp = isNew ? k.tp.schedWakeupNew : k.tp.schedWakeup;
    if (tp.active) tp.fire(task);
    this.notify(cpu, task);
    return true;
  }

  /** Ends the current task's turn for good; it is a zombie already. */
  *exit(): Sys<never> {
    this.k.tasks.setState(this.cur.current, TASK_STATE.DEAD);
    for (;;) yield YIELD.EXIT;
  }

  private notify(cpu: Cpu, task: Task): void {
    if (!cpu.busy) {
      const atNs = this.cur.clock + (cpu === this.cur ? 0 : this.idleExitNs());
      this.at(atNs, cpu.id, () => {
        if (!cpu.busy && cpu.queue.length > 0) this.schedule(cpu, false);
      });
    } else if (task.vruntime + WAKEUP_GRANULARITY_NS < cpu.current.vruntime + this.sinceSwitch(cpu)) {
      cpu.needResched = true;
    }
  }

  /** How long an idle CPU takes to run something: the deeper it sleeps, the longer. */
  private idleExitNs(): number {
    return IDLE_EXIT_NS + Math.round(this.idleDepths.exponential(IDLE_DEPTH_NS));
  }

  private sinceSwitch(cpu: Cpu): number {
    return Math.max(0, cpu.clock - cpu.current.switchedInNs);
  }

  /** `select_task_rq_fair`: where it last ran if that is idle, else any idle CPU, else the least loaded. */
  private selectCpu(task: Task, isNew: boolean): Cpu {
    const allowed = task.allowedCpus;
    const last = this.cpus[isNew ? this.cur.id : task.cpu];
    const free = (cpu: Cpu) => !cpu.busy && cpu.queue.length === 0 && (allowed & (1 << cpu.id)) !== 0;
    if (free(last)) return last;
    for (let i = 1; i < this.cpus.length; i++) {
      const cpu = this.cpus[(last.id + i) % this.cpus.length];
      if (free(cpu)) return cpu;
    }
    let best = allowed & (1 << last.id) ? last : this.cpus.find((cpu) => allowed & (1 << cpu.id))!;
    for (const cpu of this.cpus)
      if (allowed & (1 << cpu.id) && cpu.queue.length < best.queue.length) best = cpu;
    return best;
  }

  private migrate(task: Task, to: Cpu): void {
    const { k } = this;
    if (k.tp.schedMigrateTask.active) k.tp.schedMigrateTask.fire(task, to.id);
    k.tasks.setCpu(task, to.id);
    k.perf.count('cpu-migrations');
  }

  private furthestBehind(): Cpu | undefined {
    let best: Cpu | undefined;
    for (const cpu of this.cpus) if (cpu.busy && (!best || cpu.clock < best.clock)) best = cpu;
    return best;
  }

  private runEvent(): void {
    const event = this.events.pop();
    this.horizon = Number.POSITIVE_INFINITY;
    if (event.atNs > this.reachedNs) this.reachedNs = event.atNs;
    event.run();
  }

  /** One turn of a CPU: switch if needed, then resume its task up to the next thing that happens elsewhere. */
  private step(cpu: Cpu, eventNs: number): void {
    this.cur = cpu;
    let horizon = Math.min(eventNs, this.untilNs);
    for (const other of this.cpus)
      if (other !== cpu && other.busy && other.clock < horizon) horizon = other.clock;
    this.horizon = Math.max(horizon, cpu.clock + MIN_STEP_NS);
    if (cpu.needResched) this.schedule(cpu, true);
    const task = cpu.current;
    if (task === cpu.idle) return;
    const { value, done } = task.program.next();
    assert(!done, `program of task ${task.pid} (${task.comm}) ended without exit_group`);
    if (value === YIELD.PREEMPT || value === YIELD.USER) return;
    if (value === YIELD.EXEC) {
      task.program = task.nextProgram!;
      task.nextProgram = undefined;
    } else this.schedule(cpu, false);
  }

  /** `__schedule`: picks the next task and switches to it. */
  schedule(cpu: Cpu, preempt: boolean): void {
    const { k } = this;
    const prev = cpu.current;
    const prevState = preempt ? TASK_STATE.RUNNING : prev.state;
    cpu.needResched = false;
    this.account(cpu, prev);
    if (prev !== cpu.idle && prev.state === TASK_STATE.RUNNING) cpu.queue.push(prev);
    if (cpu.queue.length === 0) this.pullFromBusiest(cpu);
    const next = takeNext(cpu);
    this.armTick(cpu, next);
    cpu.sliceEndNs = cpu.clock + SLICE_NS;
    if (next === prev) return;
    const { stack } = prev;
    const { depth } = stack;
    if (preempt) {
      stack.push(k.frames[F_PREEMPT]);
      stack.push(k.frames[F___SCHEDULE]);
    }
    if (prevState === TASK_STATE.RUNNING) prev.nivcsw++;
    else prev.nvcsw++;
    k.tasks.writeSwitchCounters(prev);
    if (k.tp.schedSwitch.active) k.tp.schedSwitch.fire(preempt, prev, next, prevState);
    k.perf.count('context-switches');
    stack.depth = depth;
    this.switchTo(cpu, prev, next);
  }

  private switchTo(cpu: Cpu, prev: Task, next: Task): void {
    const { k } = this;
    cpu.current = next;
    k.tasks.setOnCpu(prev, false);
    k.tasks.setOnCpu(next, true);
    if (next.cpu !== cpu.id) k.tasks.setCpu(next, cpu.id);
    cpu.clock += SWITCH_COST_NS;
    next.switchedInNs = cpu.clock;
    finishTaskSwitch(k, prev);
    if (prev.exitState === EXIT_STATE.DEAD) k.tasks.release(prev);
  }

  private account(cpu: Cpu, task: Task): void {
    const ran = this.sinceSwitch(cpu);
    task.switchedInNs = cpu.clock;
    if (task === cpu.idle) return;
    task.sumExecNs += ran;
    task.vruntime += ran * task.weightFactor;
    if (task.vruntime > cpu.minVruntime) cpu.minVruntime = task.vruntime;
    noteRuntime(this.k, task, ran);
  }

  /** Newly idle: takes a waiting task from the CPU that has most of them. */
  private pullFromBusiest(cpu: Cpu): void {
    let busiest: Cpu | undefined;
    for (const other of this.cpus)
      if (
        other.queue.length > (other.busy ? 0 : 1) &&
        (!busiest || other.queue.length > busiest.queue.length)
      )
        busiest = other;
    if (!busiest) return;
    const at = busiest.queue.findIndex((task) => task.allowedCpus & (1 << cpu.id));
    if (at < 0) return;
    const [task] = busiest.queue.splice(at, 1);
    this.migrate(task, cpu);
    task.vruntime = Math.max(task.vruntime, cpu.minVruntime);
    cpu.queue.push(task);
  }

  private armTick(cpu: Cpu, next: Task): void {
    if (next === cpu.idle) {
      if (cpu.tick) cpu.tick.cancelled = true;
      cpu.tick = undefined;
    } else if (!cpu.tick) {
      const at = (Math.floor(cpu.clock / TICK_NS) + 1) * TICK_NS + cpu.id * 1_000;
      cpu.tick = this.at(at, cpu.id, () => this.tick(cpu));
    }
  }

  /** The periodic timer interrupt of a busy CPU. */
  private tick(cpu: Cpu): void {
    const { k } = this;
    const { stack } = cpu.current;
    const { depth } = stack;
    for (const f of [F_TIMER_ENTRY, F_TIMER, F_HRTIMER, F_TICK]) stack.push(k.frames[f]);
    this.account(cpu, cpu.current);
    if (cpu.clock >= cpu.sliceEndNs && cpu.queue.length > 0) cpu.needResched = true;
    this.spend(900);
    k.irq.tickSoftirqs();
    stack.depth = depth;
    cpu.tick = undefined;
    if (cpu.busy) this.armTick(cpu, cpu.current);
  }
}

function noteRuntime(k: Kernel, task: Task, ran: number): void {
  k.tasks.writeRuntime(task);
  if (k.tp.schedStatRuntime.active && ran > 0) k.tp.schedStatRuntime.fire(task, ran);
}

/** The runnable task with the least virtual runtime, the idle task when there is none. */
function takeNext(cpu: Cpu): Task {
  const { queue } = cpu;
  if (queue.length === 0) return cpu.idle;
  let best = 0;
  for (let i = 1; i < queue.length; i++) if (queue[i].vruntime < queue[best].vruntime) best = i;
  const [task] = queue.splice(best, 1);
  return task;
}

/** What the sched_switch record shows as `prev_state` (`__trace_sched_switch_state`). */
export function reportedState(preempt: boolean, prevState: number, exitState: number): number {
  if (preempt) return REPORT_MAX;
  const bits = (prevState | exitState) & 0x7f;
  return bits === 0 ? 0 : 1 << (31 - Math.clz32(bits));
}
