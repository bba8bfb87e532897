import { type BpfMap, LocalStorageMap } from '@probed/maps';
import { E, type HelperContext, type HelperFamily, type HelperMaker } from './helper-context';

/** BPF_LOCAL_STORAGE_GET_F_CREATE. */
const CREATE = 1;

function storageOf(c: HelperContext, map: BpfMap | undefined, at: number): LocalStorageMap {
  const storage = map ?? c.map(at);
  if (storage instanceof LocalStorageMap) return storage;
  throw new Error(`invariant broken: map ${storage.info.name} holds no storage`);
}

/** bpf_task_storage_get and its like. @returns offset of the value, 0 without one */
const get: HelperMaker = (c, map) => (at, object, value, lo, hi) => {
  if (object === 0 || hi !== 0 || (lo & ~CREATE) !== 0) return 0;
  return storageOf(c, map, at).storageFor(object, lo === CREATE, value);
};

/** bpf_task_storage_delete and its like. */
const remove: HelperMaker = (c, map) => (at, object) =>
  object === 0 ? E.INVAL : storageOf(c, map, at).remove(object);

/** kernel/bpf/bpf_task_storage.c, bpf_inode_storage.c, bpf_cgrp_storage.c, net/core/bpf_sk_storage.c. */
export const LOCAL_STORAGE_HELPERS: HelperFamily = {
  task_storage_get: get,
  task_storage_delete: remove,
  inode_storage_get: get,
  inode_storage_delete: remove,
  cgrp_storage_get: get,
  cgrp_storage_delete: remove,
  sk_storage_get: get,
  sk_storage_delete: remove,
};
