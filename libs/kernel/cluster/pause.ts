import { SIGNAL } from '@probed/abi';
import type { FileTree, Program, Sys, UserContext } from '@probed/system';

const PATH = '/pause';
const SIG_IGN = 1;
/** One sleep of many. */
const NAP_NS = 3600e9;

function* pause(u: UserContext): Sys {
  // Orphans of the container become its children; ignoring SIGCHLD buries them as they end.
  yield* u.signal(SIGNAL.SIGCHLD, SIG_IGN);
  for (;;) yield* u.sleep(NAP_NS);
}

/** Pid 1 of a container without a command of its own: it holds the namespaces and adopts orphans, as the pod sandbox's does. */
export const PAUSE: Program = {
  name: 'pause',
  image: { path: PATH, symbols: ['_start', 'main', 'sigdown', 'sigreap'], entry: ['_start', 'main'] },
  main: pause,
  isStatic: true,
};

export const PAUSE_COMMAND: readonly string[] = [PATH];

export const PAUSE_TREE: FileTree = { pause: { program: 'pause', size: 741_536 } };
