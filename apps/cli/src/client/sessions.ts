import type { ExecSession, ExecSessionDetail, Pod } from '@probed/protocol';
import { printable } from '../output/cells';
import { formatTable } from '../output/columns';
import { formatFacts, shortTime } from '../output/facts';
import { Printer } from '../output/printer';
import { commandTree } from './command-tree';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';

export interface ListSessionsOptions extends DaemonOptions {
  readonly pod?: string;
  readonly state?: 'running' | 'exited' | 'lost';
  readonly limit?: number;
}

/** `probectl sessions list`. */
export async function listSessions(options: ListSessionsOptions): Promise<void> {
  const { pod, state, limit } = options;
  const query = { pod, state, limit };
  const { sessions } = await DaemonClient.open(options).call('listExecSessions', { query });
  const printer = new Printer(options.json === true);
  for (const session of sessions) printer.document(session);
  printer.text(sessions.length ? sessionTable(sessions) : 'no exec sessions');
  await printer.drain();
}

function sessionTable(sessions: readonly ExecSession[]): string {
  return formatTable(
    [
      { title: 'SESSION' },
      { title: 'STATE' },
      { title: 'POD' },
      { title: 'CONTAINER' },
      { title: 'NODE' },
      { title: 'USER' },
      { title: 'STARTED' },
      { title: 'COMMANDS', align: 'right' },
      { title: 'COMMAND' },
    ],
    sessions.map((session) => [
      session.id,
      stateText(session),
      `${session.namespace}/${session.pod}`,
      session.container,
      session.node,
      printable(session.user),
      shortTime(session.started_at),
      String(session.commands),
      commandLine(session.command),
    ]),
  );
}

function stateText({ state, exit_code: code }: ExecSession): string {
  return code === undefined ? state : `${state} ${code}`;
}

/** Words with blanks in quotes. */
function commandLine(argv: readonly string[]): string {
  return printable(argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' '));
}

/** `probectl sessions show`. */
export async function showSession(id: string, options: DaemonOptions): Promise<void> {
  const session = await DaemonClient.open(options).call('getExecSession', { params: { id } });
  const printer = new Printer(options.json === true);
  printer.document(session);
  if (!printer.json) printer.text(sessionText(session));
  await printer.drain();
}

function sessionText(session: ExecSessionDetail): string {
  const { started_at: started, ended_at: ended, command_list: commands } = session;
  const facts = formatFacts([
    ['session', session.id],
    ['state', stateText(session)],
    ['pod', `${session.namespace}/${session.pod}`],
    ['container', session.container],
    ['node', session.node],
    ['user', printable(session.user)],
    ['command', commandLine(session.command)],
    ['tty', session.tty ? 'yes' : 'no'],
    ['pid', String(session.pid)],
    ['started', shortTime(started)],
    ['ended', ended && shortTime(ended)],
  ]);
  return `${facts}\n\n${commands.length ? commandTree(commands) : 'no commands'}`;
}

/** `probectl pods`. */
export async function listPods(options: DaemonOptions): Promise<void> {
  const { pods } = await DaemonClient.open(options).call('listPods');
  const printer = new Printer(options.json === true);
  for (const pod of pods) printer.document(pod);
  printer.text(pods.length ? podTable(pods) : 'there are no pods');
  await printer.drain();
}

function podTable(pods: readonly Pod[]): string {
  return formatTable(
    [
      { title: 'NAMESPACE' },
      { title: 'POD' },
      { title: 'NODE' },
      { title: 'IP' },
      { title: 'CONTAINERS' },
      { title: 'LABELS' },
    ],
    pods.map((pod) => [
      pod.namespace,
      pod.name,
      pod.node,
      pod.ip,
      pod.containers.map(({ name, image }) => `${name} (${image})`).join(', '),
      Object.entries(pod.labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    ]),
  );
}
