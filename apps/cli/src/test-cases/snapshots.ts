import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fail, orFail } from '../errors';
import { parseJson } from '../input/json-reader';
import type { MapDocument } from '../output/documents';
import { diffLines, show } from './diff-text';
import { isMembers, match, type Pattern } from './match';
import type { Failure } from './outcome';

/** Values by place, by case. */
type SnapshotFile = Record<string, Record<string, readonly Pattern[]>>;

const DIFFERING_MAX = 5;

/** What a map holds, as a list: entries, stacks or variables. */
export function mapItems({ entries, stacks, variables }: MapDocument): readonly unknown[] {
  return entries ?? stacks ?? variables ?? [];
}

/** The side file of a case file: what was there when somebody said `--update`. */
class SnapshotStore {
  private readonly path: string;
  private readonly before: SnapshotFile;
  private readonly now: SnapshotFile = {};

  constructor(
    caseFile: string,
    private readonly update: boolean,
  ) {
    this.path = caseFile.replace(/\.(ya?ml|json)$/, '.snap.json');
    this.before = existsSync(this.path) ? readSnapshots(this.path) : {};
  }

  /** Of one case. */
  of(name: string): Snapshots {
    return { judge: (place, items) => this.judge(name, place, items) };
  }

  /** Writes what was seen, if that was asked for; cases that did not run keep theirs. */
  save(): void {
    if (!this.update) return;
    if (Object.keys(this.now).length === 0) return;
    writeFileSync(this.path, `${JSON.stringify({ ...this.before, ...this.now }, null, 2)}\n`);
  }

  private judge(name: string, place: string, items: readonly unknown[]): Failure[] {
    const seen = JSON.parse(JSON.stringify(items)) as Pattern[];
    if (this.update) {
      (this.now[name] ??= {})[place] = seen;
      return [];
    }
    const kept = this.before[name]?.[place];
    if (!kept) return [{ what: `${place}: there is no snapshot yet`, detail: ['--update writes it'] }];
    return compare(place, kept, seen);
  }
}

/** The side files of a run's case files, each read when the first of its cases comes. */
export class SnapshotStores {
  private readonly byFile = new Map<string, SnapshotStore>();

  constructor(private readonly update: boolean) {}

  of({ file, name }: { readonly file: string; readonly name: string }): Snapshots {
    let store = this.byFile.get(file);
    if (!store) this.byFile.set(file, (store = new SnapshotStore(file, this.update)));
    return store.of(name);
  }

  save(): void {
    for (const store of this.byFile.values()) store.save();
  }
}

function readSnapshots(path: string): SnapshotFile {
  const content = orFail(parseJson(readFileSync(path, 'utf8'), path));
  if (isMembers(content)) return content as unknown as SnapshotFile;
  return fail('snapshot-file', 'snapshots by case are wanted', { where: path, hint: 'delete it' });
}

/** Where a case's values are compared with those of before. */
export interface Snapshots {
  judge(place: string, items: readonly unknown[]): Failure[];
}

function compare(place: string, kept: readonly Pattern[], seen: readonly Pattern[]): Failure[] {
  const detail: string[] = [];
  const differing = [...Array(Math.max(kept.length, seen.length)).keys()].filter(
    (i) => i >= kept.length || i >= seen.length || !same(kept[i], seen[i]),
  );
  if (differing.length === 0) return [];
  for (const i of differing.slice(0, DIFFERING_MAX)) {
    detail.push(`${place}[${i}]:`);
    if (i >= seen.length) detail.push(`- ${show(kept[i])}`);
    else if (i >= kept.length) detail.push(`+ ${show(seen[i])}`);
    else detail.push(...diffLines(kept[i], seen[i]).filter((line) => !line.startsWith('  ')));
  }
  const what = `${place}: differs from the snapshot in ${differing.length} of ${kept.length} (now ${seen.length})`;
  return [{ what, detail: [...detail, '--update takes it over'] }];
}

function same(a: Pattern, b: Pattern): boolean {
  return match(a, b).length === 0 && match(b, a).length === 0;
}
