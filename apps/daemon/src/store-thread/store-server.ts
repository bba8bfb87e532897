import type { Store, StoreCommands } from '@probed/store';
import type { CommandHandlers } from '../threads/rpc';
import type { KeptStore } from './kept-store';

type Params<C extends keyof StoreCommands> = StoreCommands[C]['params'];

/** Commands that are done in one go. Those that may take long are served in slices, so that records go on being stored. */
const AT_ONCE = [
  'append',
  'object.save',
  'object.delete',
  'object.set_without',
  'object.list',
  'object.reduce',
  'link.save',
  'link.delete',
  'link.list',
  'bpffs.save',
  'bpffs.delete',
  'bpffs.list',
  'contents.save',
  'contents.delete',
  'contents.list',
  'ids.next',
  'record.after',
  'session.list',
  'session.get',
  'session.mark_lost',
  'snapshot.list',
  'boot.begin',
  'setting.get',
  'setting.set',
  'status',
] as const satisfies readonly (keyof StoreCommands)[];

/** The store's commands as the thread serves them. */
export function storeHandlers(kept: KeptStore): CommandHandlers<StoreCommands> {
  const atOnce = AT_ONCE.map((command) => [
    command,
    (params: never) => kept.run((store: Store) => store.commands[command](params)),
  ]);
  let pruning: Promise<unknown> = Promise.resolve();
  return {
    ...(Object.fromEntries(atOnce) as Pick<CommandHandlers<StoreCommands>, (typeof AT_ONCE)[number]>),
    'record.query': (query) => kept.runSteps((store) => store.query(query)),
    prune: (limits: Params<'prune'>) => {
      // One after the other: two at a time would delete twice what is too much.
      const pruned = pruning.then(() => kept.runSteps((store) => store.prune(limits)));
      pruning = pruned.catch(() => undefined);
      return pruned;
    },
  };
}
