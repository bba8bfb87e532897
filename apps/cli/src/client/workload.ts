import type { Workload } from '@probed/protocol';
import { formatFacts } from '../output/facts';
import { Printer } from '../output/printer';
import { seconds } from '../output/summary-text';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';

/** Another workload boots the emulated kernel anew. */
const START_TIMEOUT_MS = 60_000;

/** `probectl workload show`. */
export async function showWorkload(options: DaemonOptions): Promise<void> {
  printWorkload(await DaemonClient.open(options).call('getWorkload'), options);
}

export interface StartWorkloadOptions extends DaemonOptions {
  readonly seed?: number;
  readonly speed?: number;
  readonly rate?: number;
}

/** `probectl workload start`. */
export async function startWorkload(
  scenario: string | undefined,
  options: StartWorkloadOptions,
): Promise<void> {
  const { seed, speed, rate } = options;
  const body = { scenario, seed, speed, rate };
  const call = { timeoutMs: START_TIMEOUT_MS, doing: 'starting the workload' };
  printWorkload(await DaemonClient.open(options).call('startWorkload', { body }, call), options);
}

/** `probectl workload stop`. */
export async function stopWorkload(options: DaemonOptions): Promise<void> {
  printWorkload(await DaemonClient.open(options).call('stopWorkload'), options);
}

/** `probectl workload speed`. */
export async function changeSpeed(speed: number, options: DaemonOptions): Promise<void> {
  printWorkload(await DaemonClient.open(options).call('changeWorkload', { body: { speed } }), options);
}

function printWorkload(workload: Workload, options: DaemonOptions): void {
  const printer = new Printer(options.json === true);
  printer.document(workload);
  const { scenario, state, seed, speed, rate, virtual_ns: ns, time, nodes, scenarios } = workload;
  const known = scenarios.map(({ name, description }) => `  ${name.padEnd(16)} ${description}`);
  const facts = formatFacts([
    ['scenario', scenario],
    ['state', state],
    ['seed', String(seed)],
    ['speed', speed === 0 ? 'as fast as it goes' : `${speed} virtual seconds a second`],
    ['rate', String(rate)],
    ['virtual time', `${seconds(ns)} since boot, ${time}`],
    ['nodes', nodes.join(', ')],
  ]);
  printer.text([facts, '', 'scenarios:', ...known].join('\n'));
}

export interface RestartKernelOptions extends DaemonOptions {
  readonly mode: 'restart' | 'crash' | 'hang';
}

/** `probectl kernel restart`. */
export async function restartKernel({ mode, ...options }: RestartKernelOptions): Promise<void> {
  await DaemonClient.open(options).call('restartKernel', { body: { mode } });
  const printer = new Printer(options.json === true);
  printer.document({ restarting: { mode } });
  printer.text('the emulated kernel boots anew; programs and links are restored: probectl status');
}
