import { PerfEventArray, RingBuffer } from '@probed/maps';
import type { LoadedProgram } from '@probed/runtime';
import { helperByName } from '@probed/spec';
import type { Collection, Link } from '../collection';
import type { Machine } from '../machine';
import { explainSilence } from './explain-silence';
import type { Finding } from './finding';
import {
  emittingCalls,
  lookedUpMaps,
  outputMaps,
  type ReadConstant,
  readConstants,
  writtenMaps,
} from './program-facts';
import { whereRunsTurn } from './where-runs-turn';

/** What is known from elsewhere. */
export interface ExplainOptions {
  /** Scenarios in which the hook fires ({@link scenariosThatFire}), when that was measured. */
  readonly firedIn?: readonly string[];
}

/** All that the findings are made from. */
export interface LinkCase extends ExplainOptions {
  readonly machine: Machine;
  readonly collection: Collection;
  readonly link: Link;
}

/**
 * Why a link's program has not fired, or why nothing came of it: the most telling reason first, at least one. It looks
 * and changes nothing; call it between runs.
 */
export function explainLink(
  machine: Machine,
  collection: Collection,
  link: Link,
  options: ExplainOptions = {},
): Finding[] {
  const at: LinkCase = { machine, collection, link, ...options };
  const findings = FINDERS.flatMap((find) => find(at));
  return findings.length > 0 ? findings : [runsWell(at)];
}

/** In the order in which an event comes along. */
const FINDERS: readonly ((at: LinkCase) => Finding[])[] = [
  detached,
  explainSilence,
  lostOrSkipped,
  cutShort,
  refusedOutput,
  wroteNothing,
];

function detached({ machine, link }: LinkCase): Finding[] {
  // A pinned link outlives its collection.
  if (machine.references.held().links.has(link)) return [];
  const what = `${link.program.name} has been detached from ${link.attachment.hook}`;
  return [{ code: 'detached', what, evidence: counters(link), advice: 'attach it again' }];
}

function lostOrSkipped({ link }: LinkCase): Finding[] {
  const { events, skipped, lost } = link.stats;
  const findings: Finding[] = [];
  if (lost > 0) {
    findings.push({
      code: 'all-lost',
      what: `${lost} of ${events} events came while programs were nested too deep, and were lost`,
      evidence: counters(link),
      advice: 'attach fewer programs to hooks that fire inside of helpers and of each other',
    });
  }
  if (skipped > 0) {
    const all = skipped + lost === events;
    findings.push({
      code: all ? 'all-skipped' : 'some-skipped',
      what: `${skipped} of ${events} runs were skipped, because a program of its kind was running on that CPU already`,
      evidence: [
        ...counters(link),
        'kprobe, tracepoint and perf_event programs never nest on a CPU, as on Linux',
      ],
      advice:
        'use a kind with a guard of its own (raw_tp, tp_btf, fentry), or detach the program that runs when this one is called',
    });
  }
  return findings;
}

function cutShort({ link }: LinkCase): Finding[] {
  const { budgetExceeded, runs } = link.program.stats;
  if (budgetExceeded === 0) return [];
  return [
    {
      code: 'cut-short',
      what: `${budgetExceeded} of ${runs} runs were cut short: their loops went on for too long`,
      evidence: [`at most ${(8 * 1024 * 1024).toLocaleString('en')} iterations a run`],
      advice: 'bound the loop',
    },
  ];
}

/** Which of the program's buffers could not take records. */
function fullBuffers({ collection, link }: LinkCase): string[] {
  return outputMaps(link.program.verified).flatMap((name) => {
    const map = collection.maps.get(name);
    const dropped =
      map instanceof RingBuffer ? map.droppedRecords : map instanceof PerfEventArray ? map.pendingLost : 0;
    return dropped > 0 ? [`map ${name} refused ${dropped} records`] : [];
  });
}

function refusedOutput(at: LinkCase): Finding[] {
  const { machine } = at;
  const evidence = fullBuffers(at);
  const injected = (machine.faults?.counts ?? []).filter((count) => count.injected > 0);
  evidence.push(
    ...injected.map(({ fault, injected: n, calls }) => `fault ${fault}: ${n} of ${calls} calls failed`),
  );
  if (evidence.length === 0) return [];
  return [
    {
      code: 'output-refused',
      what:
        injected.length > 0 ? 'helper calls were made to fail' : 'its buffer was full, and records were lost',
      evidence,
      advice: injected.length > 0 ? 'run without the faults' : 'make the buffer larger: --map NAME:max=BYTES',
    },
  ];
}

function ranTimes({ stats: { events, skipped, lost } }: Link): number {
  return events - skipped - lost;
}

/** It ran, has something to put out, and put out nothing, though there was room. */
function wroteNothing(at: LinkCase): Finding[] {
  const { collection, link } = at;
  if (fullBuffers(at).length > 0) return [];
  const { program, stats } = link;
  const goals = emittingCalls(program.verified);
  const ran = ranTimes(link);
  if (ran === 0 || goals.length === 0 || stats.records > 0) return [];
  const findings: Finding[] = [];
  const turns = whereRunsTurn(program, goals);
  if (turns.length > 0) {
    findings.push({
      code: 'runs-end-early',
      what: `${program.name} ran ${ran} times and never came to the call that puts out a record`,
      evidence: turns,
      advice: 'look at what that condition compares',
    });
  }
  const filters = readConstants(collection, program).filter(mayFilter);
  if (filters.length > 0) {
    findings.push({
      code: 'filter-set',
      what: `${program.name} reads constants that may filter its events out`,
      evidence: filters.map(
        ({ name, value }) => `${name} = ${JSON.stringify(value)}${remarkOn(name, value)}`,
      ),
      advice: 'set them before load: --set NAME=VALUE',
    });
  }
  findings.push(...emptyFilters(at));
  const coverage =
    program.counters || turns.length > 0 ? '' : '; --coverage shows the line at which runs end';
  findings.push({
    code: 'wrote-nothing',
    what: `${program.name} ran ${ran} times and put nothing into ${outputMaps(program.verified).join(', ') || 'its buffers'}`,
    evidence: counters(link),
    advice: `see what it returns early for${coverage}`,
  });
  return findings;
}

/** Maps that only user space fills, and has not: what `watched`, `allowed` and the like are for. */
function emptyFilters({ collection, link }: LinkCase): Finding[] {
  const written = new Set(collection.programs.flatMap(({ verified }) => writtenMaps(verified)));
  const empty = lookedUpMaps(link.program.verified).filter((name) => {
    const map = collection.maps.get(name);
    return map !== undefined && !written.has(name) && [...map.entries()].length === 0;
  });
  if (empty.length === 0) return [];
  return [
    {
      code: 'filter-empty',
      what: `${link.program.name} looks up in ${empty.join(', ')}, where nothing is and no program puts anything`,
      evidence: empty.map((name) => `map ${name} has 0 entries`),
      advice: `put in what it is to let through: probectl map update ${empty[0]} KEY VALUE, or --map-init FILE`,
    },
  ];
}

const FILTER_NAME =
  /(^|_)(targ|target|filter|only|min|max|pid|tgid|tid|uid|gid|cgroup|cgid|comm|mnt|ns|ino|dev|port|ports|family|addr|saddr|daddr|failed|ignore|allow|deny|name|us|ms)(_|$)/i;
const USER_ID = /(^|_)uid(_|$)/i;

/** What loaders write for "any". */
const NONE: ReadonlySet<string> = new Set(['-1', '4294967295', '18446744073709551615']);

/** A user id of 0 is root, where all other constants are idle at 0. */
function mayFilter({ name, value }: ReadConstant): boolean {
  if (!FILTER_NAME.test(name) || name.includes('fmt')) return false;
  if (NONE.has(String(value))) return false;
  return USER_ID.test(name) ? true : !isZero(value);
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isZero);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isZero);
  return value === 0 || value === '0' || value === '' || value === false || value === null || value === '0x0';
}

function remarkOn(name: string, value: unknown): string {
  if (!USER_ID.test(name) || value !== 0) return '';
  return ' (may stand for root alone; loaders of such tools set 4294967295 for "any")';
}

function runsWell({ link }: LinkCase): Finding {
  const { program, stats } = link;
  const ran = ranTimes(link);
  const written = writtenMaps(program.verified);
  if (stats.records > 0) {
    const what = `${program.name} ran ${ran} times and put out ${stats.records} records`;
    return { code: 'writes', what, evidence: counters(link) };
  }
  const maps = written.length > 0 ? `; it puts nothing out, but writes the maps ${written.join(', ')}` : '';
  return {
    code: 'runs',
    what: `${program.name} ran ${ran} times${maps}`,
    evidence: [...counters(link), ...handedOn(program)],
  };
}

function handedOn({ verified }: LoadedProgram): string[] {
  const tailCall = helperByName('tail_call')?.id;
  const calls = verified.insns.some(
    (insn) => insn.opcode === 0x85 && insn.src === 0 && insn.imm === tailCall,
  );
  return calls ? ['it goes on in other programs by bpf_tail_call'] : [];
}

function counters({ stats }: Link): string[] {
  const { events, skipped, lost, records, lastResult, lastNs } = stats;
  const lines = [`events ${events}, skipped ${skipped}, lost ${lost}, records ${records}`];
  if (lastNs !== undefined) lines.push(`last event at ${(lastNs / 1e9).toFixed(6)} s of virtual time`);
  if (lastResult !== undefined) lines.push(`last result ${lastResult | 0}`);
  return lines;
}
