import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, INT } from './shorthands';

/** Infrared receivers; drivers/media/rc/bpf-lirc.c. */
export const LIRC_HELPERS: readonly HelperProto[] = [
  { id: 77, name: 'rc_repeat', ret: INT, args: [CTX], gplOnly: true, support: 'none' },
  { id: 78, name: 'rc_keydown', ret: INT, args: [CTX, ANY32, ANY, ANY32], gplOnly: true, support: 'none' },
  { id: 92, name: 'rc_pointer_rel', ret: INT, args: [CTX, ANY32, ANY32], gplOnly: true, support: 'none' },
];
