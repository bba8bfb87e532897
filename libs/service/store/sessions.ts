import type { ExecSession, ExecSessionDetail, ExecSessionQuery, SessionCommand } from '@probed/protocol';
import type { Database, Statement } from 'better-sqlite3';

interface SessionRow {
  readonly json: string;
  readonly commands: number;
}

const SELECT = `SELECT s.json, (SELECT count(*) FROM session_commands c WHERE c.session = s.id) AS commands
  FROM exec_sessions s`;

/** Exec sessions with what ran in them. `commands` of a session is always the number of commands stored with it. */
export class SessionTable {
  private readonly upsertSession;
  private readonly upsertCommand;
  private readonly selectOne: Statement<[string], SessionRow>;
  private readonly selectCommands;
  private readonly loseOthers;

  constructor(private readonly db: Database) {
    // A session that has ended does not run again, whatever is still on its way.
    this.upsertSession = db.prepare<string[]>(
      `INSERT INTO exec_sessions (id, boot, namespace, pod, state, json) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, json = excluded.json
       WHERE exec_sessions.state = 'running' OR excluded.state <> 'running'`,
    );
    this.upsertCommand = db.prepare<[string, number, number, string]>(
      `INSERT INTO session_commands (session, seq, ended, json) VALUES (?, ?, ?, ?)
       ON CONFLICT (session, seq) DO UPDATE SET ended = excluded.ended, json = excluded.json
       WHERE excluded.ended >= session_commands.ended`,
    );
    this.selectOne = db.prepare<[string], SessionRow>(`${SELECT} WHERE s.id = ?`);
    this.selectCommands = db
      .prepare<[string], string>('SELECT json FROM session_commands WHERE session = ? ORDER BY seq')
      .pluck();
    this.loseOthers = db.prepare<[string, string]>(
      `UPDATE exec_sessions SET state = 'lost', json = json_set(json, '$.state', 'lost', '$.ended_at', ?)
       WHERE state = 'running' AND boot <> ?`,
    );
  }

  save(session: ExecSession): void {
    const { id, boot, namespace, pod, state } = session;
    this.upsertSession.run(id, boot, namespace, pod, state, JSON.stringify(session));
  }

  /** Stores a command as it starts, and again as it ends. */
  saveCommand(command: SessionCommand): void {
    const ended = command.end_ns === undefined ? 0 : 1;
    this.upsertCommand.run(command.session, command.seq, ended, JSON.stringify(command));
  }

  /** Newest first. */
  list({ pod, state, limit }: ExecSessionQuery): ExecSession[] {
    const [name, namespace] = pod?.split('/').reverse() ?? [];
    return this.db
      .prepare<(string | number | null)[], SessionRow>(
        `${SELECT} WHERE instr(s.pod || '-', coalesce(?, s.pod) || '-') = 1 AND s.namespace = coalesce(?, s.namespace)
           AND s.state = coalesce(?, s.state) ORDER BY s.ordinal DESC LIMIT ?`,
      )
      .all(name ?? null, namespace ?? null, state ?? null, limit)
      .map(sessionOf);
  }

  get(id: string): ExecSessionDetail | null {
    const row = this.selectOne.get(id);
    if (!row) return null;
    const commands = this.selectCommands.all(id).map((json) => JSON.parse(json) as SessionCommand);
    return { ...sessionOf(row), command_list: commands };
  }

  /** Sessions of other boots that still run are `lost` from now on. */
  markLost(boot: string, time: string): void {
    this.loseOthers.run(time, boot);
  }
}

function sessionOf({ json, commands }: SessionRow): ExecSession {
  return { ...(JSON.parse(json) as ExecSession), commands };
}
