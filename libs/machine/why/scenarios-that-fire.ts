import type { HookBus } from '@probed/hooks';
import type { Scenario } from '@probed/workload';
import { PERF_EVENTS, parsePerfTarget } from '../attach/perf-event';
import { Machine, type MachineOptions } from '../machine';

/** Virtual time for which each scenario is tried, ns. */
const TRIED_NS = 2e9;

/** Listens at a hook. */
type Listen = (hooks: HookBus, name: string, heard: () => void) => void;

const tracepoint: Listen = (hooks, name, heard) => {
  const [group, event] = name.split(':');
  hooks.tracepoint(group, event)?.raw.add(heard);
};
const rawTracepoint: Listen = (hooks, name, heard) => void hooks.rawTracepoint(name)?.raw.add(heard);
const entry: Listen = (hooks, name, heard) => void hooks.kernelFunction(name)?.entry.add(heard);
const exit: Listen = (hooks, name, heard) => void hooks.kernelFunction(name)?.exit.add(heard);
const userEntry: Listen = (hooks, name, heard) => userFunction(hooks, name)?.entry.add(heard);
const userExit: Listen = (hooks, name, heard) => userFunction(hooks, name)?.exit.add(heard);
const perf: Listen = (hooks, name, heard) => {
  const target = parsePerfTarget(name);
  const event = target && PERF_EVENTS[target.event];
  if (event) hooks.perf.open({ ...event, frequencyHz: target.frequencyHz, period: target.period }, heard);
};

/** By the part of a hook's name before the first colon. */
const LISTEN: Readonly<Record<string, Listen>> = {
  tracepoint,
  raw_tracepoint: rawTracepoint,
  tp_btf: rawTracepoint,
  kprobe: entry,
  kretprobe: exit,
  fentry: entry,
  fexit: exit,
  fmod_ret: entry,
  uprobe: userEntry,
  uretprobe: userExit,
  perf_event: perf,
};

function userFunction(hooks: HookBus, name: string) {
  const colon = name.lastIndexOf(':');
  return hooks.userFunction(name.slice(0, colon), name.slice(colon + 1));
}

/** What a hook's name stands for elsewhere is not needed here; hooks of kinds that nobody can listen to stay unheard. */
export interface TrialOptions {
  readonly image: MachineOptions['image'];
  readonly seed?: number;
  /** Told before each scenario is tried. */
  readonly progress?: (scenario: string) => void;
}

/**
 * In which scenarios hooks fire, found by running each for two seconds of virtual time on a machine of its own.
 * @param hooks as {@link Attachment.hook} names them
 * @returns scenario names by hook
 */
export function scenariosThatFire(
  hooks: readonly string[],
  scenarios: readonly Scenario[],
  { image, seed, progress }: TrialOptions,
): Map<string, string[]> {
  const firedIn = new Map<string, string[]>(hooks.map((hook) => [hook, []]));
  for (const scenario of scenarios) {
    progress?.(scenario.name);
    for (const hook of heardIn(scenario, [...firedIn.keys()], { image, seed }))
      firedIn.get(hook)!.push(scenario.name);
  }
  return firedIn;
}

function heardIn(scenario: Scenario, hooks: readonly string[], options: MachineOptions): Set<string> {
  const machine = new Machine(options);
  const heard = new Set<string>();
  machine.start(scenario);
  for (const hook of hooks) {
    const colon = hook.indexOf(':');
    LISTEN[hook.slice(0, colon)]?.(machine.kernel.hooks, hook.slice(colon + 1), () => heard.add(hook));
  }
  machine.run(TRIED_NS, () => {});
  return heard;
}
