import type { BatchItem, ExecSession, SessionCommand } from '@probed/protocol';
import { type ApiError, asApiError } from '../../api/api-error';
import type { Services } from '../../api/services';
import { Cell } from '../../state/cell';
import { pacedFrames } from '../../state/frames';
import { mergedCommands } from './command-tree';

const SESSIONS_MAX = 200;
/** What a stored list may have missed while the connection was away. */
const REFETCH_MS = 5_000;
const RENDER_PAUSE_MS = 80;

export interface SessionsState {
  /** Running ones first, then the newest. */
  readonly sessions: readonly ExecSession[];
  readonly loaded: boolean;
  readonly error?: ApiError;
}

/** Exec sessions and their commands, stored and live. */
export class SessionFeed {
  readonly state = new Cell<SessionsState>({ sessions: [], loaded: false });
  /** Commands of the open session. */
  readonly commands = new Cell<readonly SessionCommand[] | undefined>(undefined);
  private readonly byId = new Map<string, ExecSession>();
  private open: string | undefined;
  private scheduled = false;
  private waiting: SessionCommand[] = [];

  constructor(
    private readonly services: Pick<Services, 'api' | 'stream'>,
    private readonly schedule: (render: () => void) => void = pacedFrames(RENDER_PAUSE_MS),
  ) {}

  /** @returns a function that ends it */
  start(): () => void {
    const end = this.services.stream.subscribe({
      request: () => {
        void this.fetchAll();
        return { kind: 'sessions' };
      },
      onBatch: ({ items }) => this.take(items),
      onRefused: (message) => this.fail(new Error(message)),
    });
    const timer = setInterval(() => !document.hidden && void this.fetchAll(), REFETCH_MS);
    void this.fetchAll();
    return () => {
      clearInterval(timer);
      end();
    };
  }

  /** Chooses the session whose commands are wanted. */
  show(id: string | undefined): void {
    if (id === this.open) return;
    this.open = id;
    this.waiting = [];
    this.commands.set(undefined);
    void this.fetchOpen();
  }

  private async fetchAll(): Promise<void> {
    try {
      const { sessions } = await this.services.api.call('listExecSessions', {
        query: { limit: SESSIONS_MAX },
      });
      for (const session of sessions) this.byId.set(session.id, session);
      this.state.set({ sessions: this.sorted(), loaded: true });
    } catch (thrown) {
      this.fail(thrown);
    }
    await this.fetchOpen();
  }

  private async fetchOpen(): Promise<void> {
    const id = this.open;
    if (id === undefined) return;
    try {
      const { command_list, ...session } = await this.services.api.call('getExecSession', { params: { id } });
      if (id !== this.open) return;
      this.byId.set(id, session);
      this.commands.set(mergedCommands(this.commands.value ?? [], command_list));
      this.changed();
    } catch (thrown) {
      if (id === this.open) this.fail(thrown);
    }
  }

  private take(items: readonly BatchItem[]): void {
    for (const item of items) {
      if (item.type === 'session') this.byId.set(item.session.id, item.session);
      else if (item.type === 'command') this.takeCommand(item.command);
    }
    this.changed();
  }

  private takeCommand(command: SessionCommand): void {
    const session = this.byId.get(command.session);
    if (session && session.commands < command.seq)
      this.byId.set(session.id, { ...session, commands: command.seq });
    if (command.session === this.open) this.waiting.push(command);
  }

  private changed(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => {
      this.scheduled = false;
      this.state.set({ sessions: this.sorted(), loaded: this.state.value.loaded });
      if (this.waiting.length === 0) return;
      this.commands.set(mergedCommands(this.commands.value ?? [], this.waiting));
      this.waiting = [];
    });
  }

  private sorted(): readonly ExecSession[] {
    const running = ({ state }: ExecSession) => Number(state === 'running');
    return [...this.byId.values()].sort(
      (a, b) => running(b) - running(a) || b.started_at.localeCompare(a.started_at),
    );
  }

  private fail(thrown: unknown): void {
    this.state.set({ sessions: this.sorted(), loaded: true, error: asApiError(thrown) });
  }
}
