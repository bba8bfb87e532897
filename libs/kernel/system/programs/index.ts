import type { Program } from '../user/programs';
import { BASH } from './bash';
import { COREUTILS } from './coreutils';
import { NETWORK_TOOLS } from './network-tools';
import { PYTHON } from './python';
import { SERVERS } from './servers';

/** Every emulated executable that the stock file trees contain. */
export const PROGRAMS: readonly Program[] = [BASH, ...COREUTILS, ...NETWORK_TOOLS, PYTHON, ...SERVERS];
