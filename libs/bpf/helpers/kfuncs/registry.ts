import type { HelperFamily, HelperMaker } from '../helper-context';
import { DYNPTR_KFUNCS } from './dynptrs';
import { ITERATOR_KFUNCS } from './iterators';
import { REGION_KFUNCS } from './regions';
import { STRING_KFUNCS } from './strings';
import { TASK_KFUNCS } from './tasks';

const FAMILIES: readonly HelperFamily[] = [
  ITERATOR_KFUNCS,
  TASK_KFUNCS,
  REGION_KFUNCS,
  STRING_KFUNCS,
  DYNPTR_KFUNCS,
];

/** Every kernel function that programs can call here, by name; called by `kfuncAbi`. */
export const KFUNC_IMPLEMENTATIONS: ReadonlyMap<string, HelperMaker> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);
