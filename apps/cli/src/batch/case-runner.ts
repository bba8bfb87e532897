import { toHex } from '@probed/base';
import { type KernelImage, Machine, progTestRun, type TestRunReply } from '@probed/machine';
import type { BpfMap } from '@probed/maps';
import type { Engine, LoadedProgram } from '@probed/runtime';
import type { VerifiedProgram } from '@probed/spec';
import { createStandIn, type Task } from '@probed/system';
import { orFail } from '../errors';
import type { BatchCase, CaseMap } from './batch-case';
import { CaseError } from './case-fields';

/** What became of a case; numbers of errors are positive. */
export interface CaseOutcome {
  readonly verdict: 'accept' | 'reject';
  readonly errno: number;
  readonly log: readonly string[];
  /** Linux may judge otherwise: this verifier does not know what the program uses. */
  readonly unsupported?: true;
  /** 0 when the program ran. Absent when it was rejected. */
  readonly run_errno?: number;
  /** Why it did not run. */
  readonly run_error?: string;
  /** Unsigned 32 bits. */
  readonly retval?: number;
  readonly data_out?: string;
  /** Length of the whole packet where only a part of it fitted in. */
  readonly data_size_out?: number;
  readonly ctx_out?: string;
  /** Contents by map: pairs of key and value, sorted. */
  readonly maps?: readonly (readonly (readonly [string, string])[])[];
}

const ENOSPC = 28;
const EPERM = 1;

/** Memory of one machine, bytes: what a case may use. */
const MEMORY_BYTES_MAX = 512 * 1024 * 1024;

/** Loads and runs cases, one after the other, in one emulated kernel. */
export class CaseRunner {
  readonly machine: Machine;
  private readonly task: Task;

  constructor(image: KernelImage, engine: Engine, seed: number | undefined) {
    this.machine = new Machine({ image, engine, seed, memoryLimitBytes: MEMORY_BYTES_MAX });
    this.task = orFail(createStandIn(this.machine.kernel, { comm: 'probectl' }));
  }

  /**
   * @param like what another runner's verifier made of the case: is taken over
   * @throws CaseError when a map can't be made
   */
  run(
    one: BatchCase,
    logLines: number,
    like?: VerifiedProgram,
  ): { outcome: CaseOutcome; verified?: VerifiedProgram } {
    const maps = new Map<string, BpfMap>();
    try {
      for (const map of one.maps) maps.set(map.spec.name, this.makeMap(map));
      return this.load(one, maps, logLines, like);
    } finally {
      for (const map of maps.values()) map.destroy();
    }
  }

  private makeMap({ spec, entries, isFrozen }: CaseMap): BpfMap {
    const made = this.machine.runtime.createMap(spec);
    if (!made.ok) {
      const { message, errno } = made.error;
      throw new CaseError(`${message}${errno === undefined ? '' : ` (errno ${errno})`}`);
    }
    for (const [key, value] of entries) {
      const result = made.value.updateElem(key, value, 0);
      if (result === 0) continue;
      made.value.destroy();
      throw new CaseError(`map ${spec.name}: key ${toHex(key)} can't be set (errno ${-result})`);
    }
    if (isFrozen) made.value.freeze();
    return made.value;
  }

  private load(
    one: BatchCase,
    maps: ReadonlyMap<string, BpfMap>,
    logLines: number,
    like: VerifiedProgram | undefined,
  ): { outcome: CaseOutcome; verified?: VerifiedProgram } {
    const { machine } = this;
    const { runtime } = machine;
    const loaded = runtime.load(one.program, maps, runtime.link(maps), {
      license: one.license,
      objectBtf: one.objectBtf,
      logLevel: one.logLevel,
      caps: one.caps,
      verified: like,
    });
    if (!loaded.ok) return { outcome: refusal(loaded.error, logLines) };
    const program = loaded.value;
    try {
      const reply = progTestRun(machine, program, one.attr, { task: this.task, cpu: 0 });
      const outcome = {
        ...accepted(program, logLines),
        ...ran(reply),
        ...(one.dump && { maps: [...maps.values()].map(contents) }),
      };
      return { outcome, verified: program.verified };
    } finally {
      runtime.unload(program);
    }
  }
}

/** A load that failed: by the verifier, or because the runtime lacks what an accepted program needs. */
function refusal(error: Parameters<typeof verdictOf>[0], logLines: number): CaseOutcome {
  return verdictOf(error, logLines);
}

interface LoadError {
  readonly code: string;
  readonly message: string;
  readonly errno?: number;
  readonly log?: readonly string[];
  readonly verdict?: 'reject' | 'unsupported';
}

export function verdictOf(error: LoadError, logLines: number): CaseOutcome {
  const { errno = EPERM, log = [], message, verdict } = error;
  if (!verdict) return { verdict: 'accept', errno: 0, log: [], run_errno: errno, run_error: message };
  return {
    verdict: 'reject',
    errno,
    log: tail(log, logLines),
    ...(verdict === 'unsupported' && { unsupported: true }),
  };
}

function accepted(program: LoadedProgram, logLines: number) {
  return { verdict: 'accept', errno: 0, log: tail(program.verified.log, logLines) } as const;
}

function ran(reply: TestRunReply): Partial<CaseOutcome> {
  const { errno, fault, retval, packet, packetBytes, ctx } = reply;
  if (errno !== 0 && errno !== ENOSPC)
    return { run_errno: errno, ...(fault && { run_error: fault.message }) };
  return {
    run_errno: errno,
    retval,
    ...(packet && { data_out: toHex(packet) }),
    ...(packet && packet.length !== packetBytes && { data_size_out: packetBytes }),
    ...(ctx && { ctx_out: toHex(ctx) }),
  };
}

export function tail(log: readonly string[], lines: number): readonly string[] {
  return lines === 0 ? [] : log.slice(-lines);
}

function contents(map: BpfMap): (readonly [string, string])[] {
  const pairs = [...map.entries()].map(({ key, value }) => [toHex(key), toHex(value)] as const);
  return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
