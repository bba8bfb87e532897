import type { BuiltinTable } from './builtin';
import { CONTROL } from './control';
import { INPUT } from './input';
import { NAVIGATION } from './navigation';
import { OUTPUT } from './output';
import { TEST } from './test';
import { VARIABLES } from './variables';

/** Every command that the shell carries out itself. */
export const BUILTINS: BuiltinTable = {
  ...OUTPUT,
  ...TEST,
  ...VARIABLES,
  ...INPUT,
  ...NAVIGATION,
  ...CONTROL,
};
