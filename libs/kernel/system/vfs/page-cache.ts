import { PAGE_BYTES } from '@probed/memory';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { traced } from '../trace/traced';
import type { Inode } from './inode';

/** Pages that one miss brings in (128 KiB of read-ahead). */
const READ_AHEAD_PAGES = 32;
const SECTORS_PER_PAGE = PAGE_BYTES / 512;
/** Where a file lies on the disk: far enough apart that no two overlap. */
const SECTORS_PER_FILE = 65_536;

const addFolio = traced<[Inode, number]>(
  'filemap_add_folio',
  (k, inode, page) => [k.ptr(inode.offset), 0, page, 0],
  (k, inode, page) => {
    k.sched.spend(240);
    inode.cache?.add(page);
    return 0;
  },
);

const markAccessed = traced<[Inode]>(
  'folio_mark_accessed',
  () => [0],
  () => 0,
);

function firstSector(inode: Inode): number {
  return (inode.ino % 4_096) * SECTORS_PER_FILE;
}

/** True when all of [position, position + bytes) is in memory: reading it does not sleep. */
export function isCached(inode: Inode, position: number, bytes: number): boolean {
  const { cache } = inode;
  if (!cache) return true;
  const end = Math.min(position + bytes, inode.size);
  for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < end; page++)
    if (!cache.has(page)) return false;
  return true;
}

/** Notes the use of pages that were there. */
export function touchPages(k: Kernel, inode: Inode, position: number, bytes: number): void {
  if (!inode.cache || bytes <= 0) return;
  for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < position + bytes; page++)
    markAccessed(k, inode);
}

/** `page_cache_ra_unbounded`: brings the missing pages of a range in, with some read-ahead. */
export function* fillPages(k: Kernel, inode: Inode, position: number, bytes: number): Sys<void> {
  const { cache } = inode;
  if (!cache) return;
  const last = Math.ceil(inode.size / PAGE_BYTES);
  const end = Math.min(position + bytes, inode.size);
  for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
    if (cache.has(page)) continue;
    let count = 0;
    while (count < READ_AHEAD_PAGES && page + count < last && !cache.has(page + count)) {
      addFolio(k, inode, page + count);
      count++;
    }
    yield* k.disk.transfer('read', firstSector(inode) + page * SECTORS_PER_PAGE, count * PAGE_BYTES);
  }
}

/** A write has changed this range; it goes to disk with the next fsync. */
export function dirtyPages(inode: Inode, position: number, bytes: number): void {
  const { dirty, cache } = inode;
  for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < position + bytes; page++) {
    dirty.add(page);
    cache?.add(page);
  }
}

/** `file_write_and_wait_range` and the journal's flush. */
export function* writeBack(k: Kernel, inode: Inode): Sys<void> {
  const pages = [...inode.dirty].sort((a, b) => a - b);
  inode.dirty.clear();
  for (let i = 0; i < pages.length; ) {
    let count = 1;
    while (count < READ_AHEAD_PAGES && pages[i + count] === pages[i] + count) count++;
    yield* k.disk.transfer('write', firstSector(inode) + pages[i] * SECTORS_PER_PAGE, count * PAGE_BYTES);
    i += count;
  }
  if (pages.length > 0) yield* k.disk.transfer('flush', 0, 0);
}
