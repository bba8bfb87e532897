import { struct } from './struct-table';

/** `include/linux/cgroup-defs.h` */
export const CGROUP = struct('cgroup', [
  'self',
  'self.cgroup',
  'self.id',
  'level',
  'kn',
  'ancestors',
  'root',
]);

export const CSS_SET = struct('css_set', ['subsys', 'dfl_cgrp', 'nr_tasks']);

/** `include/linux/kernfs.h` */
export const KERNFS_NODE = struct('kernfs_node', ['__parent', 'name', 'id'], {
  // Until 6.14.
  spellings: { __parent: ['parent'] },
});
