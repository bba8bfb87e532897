import type { PinKind } from '@probed/protocol';
import { Argument, type Command } from 'commander';
import type { OnNodeOptions } from '../client/maps';
import { newCommand, newGroup } from '../command';
import { withDaemon } from './daemon-options';

const PATH_TEXT = 'PATH lies below /sys/fs/bpf, which may be left out; no name in it has a dot, as on Linux.';

function onNode(command: Command): Command {
  return withDaemon(command.option('--node <node>', 'on this node only (default: all nodes that have it)'));
}

/** `probectl pin`. */
export function pinCommand(): Command {
  const command = newCommand({
    usage: 'pin',
    summary: 'pin a program, map or link: it stays when its object is unloaded, and is restored at start',
    description: `Pins a program, map or link of the daemon's at PATH (BPF_OBJ_PIN). ${PATH_TEXT}`,
    examples: [
      'probectl pin map syscount/counts /sys/fs/bpf/counts',
      'probectl pin link 4 audit/exec',
      'probectl pin prog on_exec on_exec --node node-1',
    ],
  })
    .addArgument(new Argument('<kind>', 'what').choices(['prog', 'map', 'link']))
    .argument('<id|name>')
    .argument('<path>');
  return onNode(command).action(
    async (kind: PinKind, wanted: string, path: string, options: OnNodeOptions) => {
      const { pinObject } = await import('../client/bpffs.js');
      await pinObject(kind, wanted, path, options);
    },
  );
}

/** `probectl prog pin`, `map pin`, `link pin`: bpftool's way to say it. */
export function pinKindCommand(kind: PinKind, example: string): Command {
  const command = newCommand({
    usage: 'pin <id|name> <path>',
    summary: `pin a ${kind} in bpffs: it stays when its object is unloaded, and is restored at start`,
    description: `The same as probectl pin ${kind}. ${PATH_TEXT}`,
    examples: [example],
  });
  return onNode(command).action(async (wanted: string, path: string, options: OnNodeOptions) => {
    const { pinObject } = await import('../client/bpffs.js');
    await pinObject(kind, wanted, path, options);
  });
}

/** `probectl unpin`. */
export function unpinCommand(): Command {
  return removeCommand('unpin <path>', [
    'probectl unpin /sys/fs/bpf/counts',
    'probectl unpin audit/exec --node node-1',
  ]);
}

/** `probectl bpffs`. */
export function bpffsCommand(): Command {
  return newGroup(
    {
      usage: 'bpffs',
      summary: 'paths that programs, maps and links are pinned at: /sys/fs/bpf of the nodes',
      examples: ['probectl bpffs tree', 'probectl bpffs ls /sys/fs/bpf/audit', 'probectl bpffs mkdir audit'],
    },
    [
      listCommand(),
      treeCommand(),
      makeDirectoryCommand(),
      removeDirectoryCommand(),
      removeCommand('rm <path>', ['probectl bpffs rm /sys/fs/bpf/counts']),
    ],
  );
}

function listCommand(): Command {
  const command = newCommand({
    usage: 'ls [path]',
    summary: 'what is in a directory, with ids and nodes',
    examples: ['probectl bpffs ls', 'probectl bpffs ls audit --json'],
  });
  return onNode(command).action(async (path: string | undefined, options: OnNodeOptions) => {
    const { listDirectory } = await import('../client/bpffs.js');
    await listDirectory(path, options);
  });
}

function treeCommand(): Command {
  const command = newCommand({
    usage: 'tree [path]',
    summary: 'all that is pinned, as a tree',
    examples: ['probectl bpffs tree', 'probectl bpffs tree audit --node node-1'],
  });
  return onNode(command).action(async (path: string | undefined, options: OnNodeOptions) => {
    const { showTree } = await import('../client/bpffs.js');
    await showTree(path, options);
  });
}

function makeDirectoryCommand(): Command {
  const command = newCommand({
    usage: 'mkdir <path>',
    summary: 'make a directory',
    description: `Makes a directory on all nodes, or on one. ${PATH_TEXT}`,
    examples: ['probectl bpffs mkdir audit', 'probectl bpffs mkdir /sys/fs/bpf/audit/links'],
  });
  return onNode(command).action(async (path: string, options: OnNodeOptions) => {
    const { makeDirectory } = await import('../client/bpffs.js');
    await makeDirectory(path, options);
  });
}

function removeDirectoryCommand(): Command {
  const command = newCommand({
    usage: 'rmdir <path>',
    summary: 'remove an empty directory',
    examples: ['probectl bpffs rmdir audit'],
  });
  return onNode(command).action(async (path: string, options: OnNodeOptions) => {
    const { removeDirectory } = await import('../client/bpffs.js');
    await removeDirectory(path, options);
  });
}

function removeCommand(usage: string, examples: readonly string[]): Command {
  const command = newCommand({
    usage,
    summary: 'take a pin away; what nothing else holds any more is unloaded',
    description: `Takes a pin away (unlink). What nothing else holds any more is detached and unloaded. ${PATH_TEXT}`,
    examples,
  });
  return onNode(command).action(async (path: string, options: OnNodeOptions) => {
    const { unpinPath } = await import('../client/bpffs.js');
    await unpinPath(path, options);
  });
}
