import { type Command, Option } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import type { ListOptions } from '../client/links';
import type { DumpMapOptions, OnNodeOptions, UpdateMapOptions } from '../client/maps';
import type { WatchMapOptions } from '../client/watch-map';
import { newCommand, newGroup } from '../command';
import { parseCount, parseDuration } from '../input/values';
import { pinKindCommand } from './bpffs';
import { withDaemon } from './daemon-options';
import { withBpffs } from './link';

/** `probectl map`. */
export function mapCommand(): Command {
  return newGroup(
    {
      usage: 'map',
      summary: "maps of the daemon's programs: read, change, watch",
      examples: ['probectl map list', 'probectl map dump counts', 'probectl map watch counts --node node-1'],
    },
    [
      listCommand(),
      showCommand(),
      dumpCommand(),
      lookupCommand(),
      updateCommand(),
      deleteCommand(),
      watchCommand(),
      pinKindCommand('map', 'probectl map pin syscount/counts /sys/fs/bpf/counts'),
    ],
  );
}

const ENTRIES_MAX = 100_000;
const VALUES_TEXT =
  'KEY and VALUE are JSON, laid out by the BTF of the map: numbers, strings, {"pid": 7, "color": "RED"}, [1, 2]. ' +
  'Text that is no JSON is taken as it is; hex:0a0b gives bytes.';

function onNode(command: Command, text = 'this node only (default: all nodes)'): Command {
  return command.option('--node <node>', text);
}

function listCommand(): Command {
  const command = newCommand({
    usage: 'list',
    summary: 'maps of all loaded objects',
    examples: ['probectl map list', 'probectl map list --bpffs', 'probectl map list --json'],
  });
  return withDaemon(withBpffs(command)).action(async (options: ListOptions) => {
    const { listMaps } = await import('../client/maps.js');
    await listMaps(options);
  });
}

function showCommand(): Command {
  const command = newCommand({
    usage: 'show <id|name>',
    summary: 'one map: type, sizes, flags',
    examples: ['probectl map show counts', 'probectl map show syscount/counts --json'],
  });
  return withDaemon(command).action(async (map: string, options: DaemonOptions) => {
    const { showMap } = await import('../client/maps.js');
    await showMap(map, options);
  });
}

function dumpCommand(): Command {
  const command = onNode(
    newCommand({
      usage: 'dump <id|name>',
      summary: 'what a map holds, decoded by BTF, node by node',
      examples: [
        'probectl map dump counts',
        'probectl map dump syscount/counts --node node-2 --json',
        'probectl map dump offcputime/info --folded > offcpu.folded',
      ],
    }),
  )
    .option('--limit <n>', 'entries per node (default: 10000)', parseCount(1, ENTRIES_MAX))
    .option('--per-cpu', 'the values of every CPU of a per-CPU map, not their sum')
    .option('--folded', 'the stacks that keys and values refer to, a line each, for flame graphs');
  return withDaemon(command).action(async (map: string, options: DumpMapOptions) => {
    const { dumpMap } = await import('../client/maps.js');
    await dumpMap(map, options);
  });
}

function lookupCommand(): Command {
  const command = onNode(
    newCommand({
      usage: 'lookup <id|name> <key>',
      summary: 'the entry of one key',
      description: `Prints the entry of one key on each node. ${VALUES_TEXT}`,
      examples: [
        'probectl map lookup counts 7',
        'probectl map lookup owners \'{"pid": 1, "color": "RED"}\' --node node-1',
        'probectl map lookup owners hex:0100000000000000',
      ],
    }),
  );
  return withDaemon(command).action(async (map: string, key: string, options: OnNodeOptions) => {
    const { lookupMap } = await import('../client/maps.js');
    await lookupMap(map, key, options);
  });
}

function updateCommand(): Command {
  const command = onNode(
    newCommand({
      usage: 'update <id|name> <key> <value>',
      summary: 'set an entry',
      description: `Sets an entry on all nodes, or on one. ${VALUES_TEXT}`,
      examples: [
        'probectl map update allowed 1000 1',
        'probectl map update owners \'{"pid": 1, "color": "RED"}\' \'{"start_ns": 5, "level": 0}\' --flags noexist',
        'probectl map update raw hex:01000000 hex:0a0b0c0d',
      ],
    }),
  ).addOption(
    new Option('--flags <flags>', 'any: create or change; noexist: create; exist: change')
      .choices(['any', 'noexist', 'exist'])
      .default('any'),
  );
  return withDaemon(command).action(
    async (map: string, key: string, value: string, options: UpdateMapOptions) => {
      const { updateMap } = await import('../client/maps.js');
      await updateMap(map, key, value, options);
    },
  );
}

function deleteCommand(): Command {
  const command = onNode(
    newCommand({
      usage: 'delete <id|name> <key>',
      summary: 'delete an entry',
      description: `Deletes an entry on all nodes, or on one. ${VALUES_TEXT}`,
      examples: ['probectl map delete allowed 1000', 'probectl map delete owners hex:0100000000000000'],
    }),
  );
  return withDaemon(command).action(async (map: string, key: string, options: OnNodeOptions) => {
    const { deleteMapEntry } = await import('../client/maps.js');
    await deleteMapEntry(map, key, options);
  });
}

function watchCommand(): Command {
  const command = onNode(
    newCommand({
      usage: 'watch <id|name>',
      summary: 'what a map holds, then each change as it comes',
      description:
        'Prints the contents, then a line a change: + for an entry that is new or has another value, - for one that is ' +
        'gone. Goes on until Ctrl-C, or for the time of --for.',
      examples: [
        'probectl map watch counts',
        'probectl map watch counts --node node-1 --interval 250ms --json',
      ],
    }),
  )
    .option('--interval <duration>', 'between two looks, at least 100ms (default: 1s)', parseDuration)
    .option('--for <duration>', 'end after this much wall time', parseDuration);
  return withDaemon(command).action(async (map: string, options: WatchMapOptions) => {
    const { watchMap } = await import('../client/watch-map.js');
    await watchMap(map, options);
  });
}
