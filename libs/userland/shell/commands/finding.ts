import { AT, S, strerror } from '@probed/abi';
import type { Sys } from '@probed/system';
import { readAccounts } from '../os/accounts';
import { isType, readDirectory, statPath, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { type FindContext, FindFault, FindParser, type FindPlan, type Visited } from './find-expression';
import { execProgram } from './run-child';
import type { ToolRun, ToolTable } from './tool';

/** Output is written when so much has come together. */
const FLUSH_CHARS = 4_096;
const PATHS_A_COMMAND = 500;
const DEPTH_MAX = 400;

/** One find: walks the trees and applies the expression to each file. */
class Find implements FindContext {
  prune = false;
  status = 0;
  accounts!: FindContext['accounts'];
  readonly nowSeconds: number;
  private pending = 0;
  private readonly collected = new Map<string, { argv: readonly string[]; paths: string[] }>();

  constructor(
    private readonly tool: ToolRun,
    private readonly plan: FindPlan,
  ) {
    this.nowSeconds = Number(tool.u.k.realtimeNs() / 1_000_000_000n);
  }

  get u() {
    return this.tool.u;
  }

  print(text: string): void {
    this.pending += text.length;
    this.tool.print(text);
  }

  collect(argv: readonly string[], path: string): void {
    const key = argv.join('\0');
    const entry = this.collected.get(key) ?? { argv, paths: [] };
    entry.paths.push(path);
    this.collected.set(key, entry);
  }

  *run(argv: readonly string[]): Sys<boolean> {
    yield* this.flush();
    const pid = yield* this.u.fork((child) => execProgram(child, argv));
    if (pid < 0) return false;
    const [, status] = yield* this.u.wait(pid);
    return status === 0;
  }

  *remove({ path, stat }: Visited): Sys<boolean> {
    const error = yield* this.u.unlinkat(path, isType(stat, S.IFDIR) ? AT.REMOVEDIR : 0);
    if (error < 0) yield* this.complain(`cannot delete '${path}': ${strerror(error)}`);
    return error >= 0;
  }

  private *flush(): Sys {
    this.pending = 0;
    return yield* this.tool.flush();
  }

  private *complain(text: string): Sys<void> {
    this.status = 1;
    yield* this.flush();
    yield* writeAll(this.u, 2, `find: ${text}\n`);
  }

  *all(): Sys {
    this.accounts = yield* readAccounts(this.u);
    for (const path of this.plan.paths) {
      const name = path.replace(/\/+$/, '').split('/').pop() || path;
      if (!(yield* this.visit(path, name, 0))) return this.status;
    }
    for (const { argv, paths } of this.collected.values())
      for (let i = 0; i < paths.length; i += PATHS_A_COMMAND)
        if (!(yield* this.run([...argv, ...paths.slice(i, i + PATHS_A_COMMAND)]))) this.status = 1;
    return this.status;
  }

  /** @returns false when nobody reads the output any more */
  private *visit(path: string, name: string, depth: number): Sys<boolean> {
    const stat = yield* statPath(this.u, path, false);
    if (typeof stat === 'number') {
      yield* this.complain(`'${path}': ${strerror(stat)}`);
      return true;
    }
    const visited = { path, name, depth, stat };
    this.prune = false;
    if (!this.plan.depthFirst) yield* this.apply(visited);
    if (this.pending > FLUSH_CHARS && (yield* this.flush()) < 0) return false;
    const descends = isType(stat, S.IFDIR) && !this.prune && depth < Math.min(this.plan.maxDepth, DEPTH_MAX);
    if (descends && !(yield* this.descend(path, depth))) return false;
    if (this.plan.depthFirst) yield* this.apply(visited);
    return true;
  }

  private *apply(visited: Visited): Sys<void> {
    if (visited.depth < this.plan.minDepth) return;
    const result = this.plan.expression(visited, this);
    if (typeof result !== 'boolean') yield* result;
  }

  private *descend(path: string, depth: number): Sys<boolean> {
    const entries = yield* readDirectory(this.u, path);
    if (typeof entries === 'number') {
      yield* this.complain(`'${path}': ${strerror(entries)}`);
      return true;
    }
    const base = path.endsWith('/') ? path : `${path}/`;
    for (const { name } of entries) if (!(yield* this.visit(base + name, name, depth + 1))) return false;
    return true;
  }
}

function* find(run: ToolRun): Sys {
  yield* loadLocale(run.u);
  let plan: FindPlan;
  try {
    plan = new FindParser(run.args).parse();
  } catch (error) {
    if (error instanceof FindFault) return yield* run.fail(error.message);
    if (error instanceof SyntaxError) return yield* run.fail(`invalid regular expression: ${error.message}`);
    throw error;
  }
  return yield* new Find(run, plan).all();
}

export const FINDING: ToolTable = { find };
