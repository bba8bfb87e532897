import { struct } from './struct-table';

/** `include/linux/mm_types.h` */
export const MM_STRUCT = struct('mm_struct', [
  'mm_users',
  'mm_count',
  'pgd',
  'map_count',
  'mmap_base',
  'task_size',
  'total_vm',
  'data_vm',
  'exec_vm',
  'stack_vm',
  'start_code',
  'end_code',
  'start_data',
  'end_data',
  'start_brk',
  'brk',
  'start_stack',
  'arg_start',
  'arg_end',
  'env_start',
  'env_end',
  'owner',
  'user_ns',
  'exe_file',
]);

/** One mapping, written when a hook or iterator can reach it. */
export const VM_AREA_STRUCT = struct('vm_area_struct', [
  'vm_start',
  'vm_end',
  'vm_mm',
  'vm_flags',
  'vm_pgoff',
  'vm_file',
]);
