import { CREDENTIALS } from './credentials';
import { FILE_IO } from './file-io';
import { FILE_TREE } from './file-tree';
import { MEMORY } from './memory';
import { POLLING } from './polling';
import { PROCESS } from './process';
import { SOCKETS } from './sockets';
import { SYSTEM } from './system';
import type { HandlerTable } from './table';
import { TIME } from './time';

/** Every supported system call by its user-visible name; the families are in files of their own. */
export const HANDLERS: HandlerTable = {
  ...FILE_IO,
  ...FILE_TREE,
  ...PROCESS,
  ...CREDENTIALS,
  ...MEMORY,
  ...TIME,
  ...SYSTEM,
  ...POLLING,
  ...SOCKETS,
};
