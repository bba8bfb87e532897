import type { LinkCase } from './explain-link';
import type { Finding } from './finding';
import { relatedHooks } from './related-hooks';
import { seconds } from './words';

const TASKS_SHOWN = 12;

/** No event has come to the link: what kind of hook it is says why. */
export function explainSilence(at: LinkCase): Finding[] {
  const { link, machine } = at;
  if (link.stats.events > 0) return [];
  const { hook, state } = link.attachment;
  if (link.stats.otherProcesses > 0) return [otherProcess(at)];
  return state === 'inert'
    ? [inert(at)]
    : [quiet(at, hook, `in ${seconds(machine.kernel.nowNs() - machine.startNs)}`)];
}

function otherProcess({ link, machine }: LinkCase): Finding {
  const { stats, program, attachment } = link;
  const tasks = [...machine.kernel.allTasks()].map(({ tgid, comm }) => `${comm} (${tgid})`);
  return {
    code: 'other-process',
    what: `${attachment.hook} was called ${stats.otherProcesses} times, in other processes than the one that ${program.name} is attached to`,
    evidence: [`tasks now: ${[...new Set(tasks)].slice(0, TASKS_SHOWN).join(', ')}`],
    advice: 'attach it with the pid of one of them, or with none for all',
  };
}

function inert({ machine, link }: LinkCase): Finding {
  const { hook } = link.attachment;
  const near = relatedHooks(hook.slice(hook.indexOf(':') + 1), machine.kernel.hooks);
  return {
    code: 'hook-inert',
    what: `${hook} exists, but nothing in this kernel fires it`,
    evidence: near.length > 0 ? [`hooks that fire and tell of the like: ${near.join(', ')}`] : [],
    advice:
      near.length > 0
        ? `attach it there: --attach ${link.program.name}=TARGET`
        : "choose a hook that fires: probectl hooks --live 'PATTERN'",
  };
}

function quiet(at: LinkCase, hook: string, when: string): Finding {
  const { advice, evidence } = KINDS.find(({ pattern }) => pattern.test(hook))!.explain(at, hook);
  const fired = firedIn(at);
  return {
    code: 'nothing-came',
    what: `${hook} fires in this kernel, but nothing has called it ${when}`,
    evidence: [...evidence, ...fired.evidence],
    advice: fired.advice ? `${advice}; ${fired.advice}` : advice,
  };
}

function firedIn({ firedIn: names }: LinkCase): { evidence: string[]; advice?: string } {
  if (names === undefined) return { evidence: [] };
  if (names.length === 0) return { evidence: ['it fires in none of the scenarios in the box'] };
  return {
    evidence: [`it fires in the scenarios ${names.join(', ')}`],
    advice: `try --scenario ${names[0]} --for 2s`,
  };
}

interface Reason {
  readonly evidence: readonly string[];
  readonly advice: string;
}

interface Kind {
  readonly pattern: RegExp;
  explain(at: LinkCase, hook: string): Reason;
}

/** Reasons by kind of hook, the first that fits. */
const KINDS: readonly Kind[] = [
  {
    pattern: /^(tracepoint|ksyscall|kretsyscall):.*sys_(enter|exit)_|^k(ret)?probe:__x64_sys_/,
    explain: (_at, hook) => ({
      evidence: [`no task has made the system call ${hook.replace(/^.*sys_(enter_|exit_)?/, '')}`],
      advice: 'look at what the workload calls (raw_tp/sys_enter), or run a command that makes it',
    }),
  },
  {
    pattern: /^(uprobe|uretprobe|usdt|uprobe\.multi|uretprobe\.multi):/,
    explain: ({ machine }, hook) => ({
      evidence: [
        `tasks now: ${[...new Set([...machine.kernel.allTasks()].map(({ comm }) => comm))].slice(0, TASKS_SHOWN).join(', ')}`,
      ],
      advice: `run something that executes ${hook.split(':').slice(1, -1).join(':') || 'that file'} and calls ${hook.split(':').at(-1)}`,
    }),
  },
  {
    pattern: /^(kretprobe|fexit|kretprobe\.multi|kexit)/,
    explain: ({ collection }, hook) => {
      const name = hook.split(':').at(-1)!;
      const entry = collection.links.find(
        ({ attachment, stats }) =>
          attachment.hook !== hook && attachment.hook.endsWith(`:${name}`) && stats.events > 0,
      );
      return entry
        ? {
            evidence: [
              `${entry.attachment.hook} fired ${entry.stats.events} times: the function has not returned yet`,
            ],
            advice: 'let it run on',
          }
        : {
            evidence: [`${name} has not returned, perhaps has not been called`],
            advice: `attach to its entry to tell these apart`,
          };
    },
  },
  {
    pattern: /^perf_event:/,
    explain: () => ({
      evidence: ['a sample is taken after so many events or so much CPU time'],
      advice: 'sample more often (--attach PROGRAM=cpu-clock:hz=999), run longer, or give the CPUs work',
    }),
  },
  {
    pattern: /^iter/,
    explain: () => ({ evidence: ['an iterator runs when somebody reads it'], advice: 'read it' }),
  },
  {
    pattern: /^/,
    explain: (_at, hook) => ({
      evidence: [],
      advice: `do what makes the kernel come by ${hook.split(':').at(-1)}`,
    }),
  },
];
