import { err, ok, type Result } from '@probed/base';
import {
  anyWord,
  FireContext,
  type Fired,
  fireHook,
  type HookPayload,
  KernelObjects,
  type Machine,
} from '@probed/machine';
import { createStandIn, placeUserBytes, type StandIn, type Task } from '@probed/system';
import { CommandError } from '../errors';
import type { DriveStep } from '../run/drive';
import type { EventStep } from './case';
import type { FiredDocument } from './outcome';

/** Events after which the buffers are emptied, as their consumer would. */
const DELIVER_EVERY = 256;

/** Fires a case's events in a machine, each in the name of its task. */
export class EventScript {
  readonly fired: FiredDocument[] = [];
  private readonly context: FireContext;
  private readonly tasks = new Map<string, Task>();

  constructor(
    private readonly machine: Machine,
    private readonly events: readonly EventStep[],
  ) {
    this.context = new FireContext(machine, new KernelObjects(machine.memory, machine.facts.btf));
  }

  /** An event without a time follows the one before. */
  steps(): DriveStep[] {
    let atNs = 0;
    const steps = this.events.map((event, index) => {
      atNs = event.atNs ?? atNs;
      return { atNs, act: (deliver: () => void) => this.fire(event, index, deliver) };
    });
    return steps.sort((a, b) => a.atNs - b.atNs);
  }

  private fire(event: EventStep, index: number, deliver: () => void): void {
    const task = unwrap(this.taskOf(event.task), event, index);
    const { fire, payload, cpu, repeat } = event;
    const call = event.ret === undefined ? {} : { ret: this.word(event.ret, task) };
    let runs = 0;
    let skipped = 0;
    let last: Fired = { runs: [] };
    for (let turn = 1; turn <= repeat; turn++) {
      last = unwrap(fireHook(this.context, fire, payload as HookPayload, call, { task, cpu }), event, index);
      for (const run of last.runs) {
        runs += run.runs;
        skipped += run.skipped;
      }
      if (turn % DELIVER_EVERY === 0) deliver();
    }
    const results = last.runs.map(({ result }) => result ?? null);
    this.fired[index] = { runs, skipped, results, ...(last.ret !== undefined && { ret: last.ret }) };
  }

  /** Text lies in the task's memory, with its NUL; what finds no room there is NULL. */
  private word(value: number | bigint | string, task: Task): number | bigint {
    if (typeof value !== 'string') return anyWord(BigInt(value));
    const bytes = new TextEncoder().encode(`${value}\0`);
    return placeUserBytes(this.machine.kernel, task, bytes) ?? 0;
  }

  /** The task of that pid if there is one, else one that stands in; the same description is the same task. */
  private taskOf(identity: StandIn): Result<Task> {
    const key = JSON.stringify(identity);
    const known = this.tasks.get(key);
    if (known) return ok(known);
    const running = identity.pid === undefined ? undefined : this.machine.kernel.tasks.find(identity.pid);
    const made = running ? ok(running) : createStandIn(this.machine.kernel, identity);
    if (!made.ok) return err(made.error);
    this.tasks.set(key, made.value);
    return made;
  }
}

function unwrap<T>(result: Result<T>, { fire }: EventStep, index: number): T {
  if (result.ok) return result.value;
  const where = `event ${index + 1} (${fire})${result.error.where ? `, ${result.error.where}` : ''}`;
  throw new CommandError({ ...result.error, where });
}
