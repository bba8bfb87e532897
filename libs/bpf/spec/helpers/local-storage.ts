import type { HelperProto } from '../helper-proto';
import { ANY, BTF_SOCK_COMMON, btfOrNull, INT, MAP, RET_VALUE_OR_NULL, VALUE_OR_NULL } from './shorthands';

/** Storage that belongs to a kernel object; kernel/bpf/bpf_local_storage.c and the like. */
export const LOCAL_STORAGE_HELPERS: readonly HelperProto[] = [
  {
    id: 107,
    name: 'sk_storage_get',
    ret: RET_VALUE_OR_NULL,
    args: [MAP, BTF_SOCK_COMMON, VALUE_OR_NULL, ANY],
    support: 'full',
  },
  { id: 108, name: 'sk_storage_delete', ret: INT, args: [MAP, BTF_SOCK_COMMON], support: 'full' },
  {
    id: 145,
    name: 'inode_storage_get',
    ret: RET_VALUE_OR_NULL,
    args: [MAP, btfOrNull('inode'), VALUE_OR_NULL, ANY],
    support: 'full',
  },
  { id: 146, name: 'inode_storage_delete', ret: INT, args: [MAP, btfOrNull('inode')], support: 'full' },
  {
    id: 156,
    name: 'task_storage_get',
    ret: RET_VALUE_OR_NULL,
    args: [MAP, btfOrNull('task_struct'), VALUE_OR_NULL, ANY],
    support: 'full',
  },
  { id: 157, name: 'task_storage_delete', ret: INT, args: [MAP, btfOrNull('task_struct')], support: 'full' },
  {
    id: 210,
    name: 'cgrp_storage_get',
    ret: RET_VALUE_OR_NULL,
    args: [MAP, btfOrNull('cgroup'), VALUE_OR_NULL, ANY],
    support: 'full',
  },
  { id: 211, name: 'cgrp_storage_delete', ret: INT, args: [MAP, btfOrNull('cgroup')], support: 'full' },
];
