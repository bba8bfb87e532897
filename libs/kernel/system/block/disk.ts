import type { Prng } from '@probed/base';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { WaitQueue } from '../sched/wait-queue';
import { TASK_STATE } from '../task/state';
import { traced } from '../trace/traced';

/** `virtblk` as the first disk: 253:0, its partition 253:1. */
const MAJOR = 253;
const SECTOR_BYTES = 512;
/** `REQ_OP_*` and flags (`include/linux/blk_types.h`). */
const REQ_OP = { READ: 0, WRITE: 1, FLUSH: 2 } as const;
const REQ_SYNC = 1 << 11;
/** A request of a solid-state disk: base, spread, per byte. */
const BASE_NS: Readonly<Record<BlockOp, number>> = { read: 82_000, write: 48_000, flush: 310_000 };
const SPREAD_NS: Readonly<Record<BlockOp, number>> = { read: 35_000, write: 22_000, flush: 160_000 };
const NS_PER_BYTE = 0.9;
/** Requests that the device works on at once. */
const QUEUE_DEPTH = 8;

export type BlockOp = 'read' | 'write' | 'flush';

/** One request under way, with its structs. */
export interface BlockRequest {
  readonly op: BlockOp;
  readonly sector: number;
  readonly bytes: number;
  /** Offsets of its `struct request` and `struct bio`. */
  readonly offset: number;
  readonly bio: number;
  /** Who asked for it. */
  readonly comm: string;
  done: boolean;
}

/** `rwbs` of the records (`blk_fill_rwbs`). */
export function rwbs(request: BlockRequest): string {
  return { read: 'R', write: 'WS', flush: 'FF' }[request.op];
}

const submitBio = traced<[Disk, BlockRequest]>(
  'submit_bio',
  (k, _disk, request) => [k.ptr(request.bio)],
  (k, disk, request) => {
    if (k.tp.blockBioQueue.active) k.tp.blockBioQueue.fire(request);
    accountStart(k, request);
    startRequest(k, disk, request);
    return 0;
  },
);

const accountStart = traced<[BlockRequest]>(
  'blk_account_io_start',
  (k, request) => [k.ptr(request.offset)],
  (k, request) => {
    k.w.put(request.offset, k.layout.request.start_time_ns, k.nowNs());
    if (k.tp.blockIoStart.active) k.tp.blockIoStart.fire(request);
    return 0;
  },
);

const startRequest = traced<[Disk, BlockRequest]>(
  'blk_mq_start_request',
  (k, _disk, request) => [k.ptr(request.offset)],
  (k, disk, request) => {
    k.w.put(request.offset, k.layout.request.io_start_time_ns, k.nowNs());
    if (k.tp.blockRqIssue.active) k.tp.blockRqIssue.fire(request);
    k.sched.spend(1_300);
    disk.dispatch(request);
    return 0;
  },
);

const accountDone = traced<[BlockRequest]>(
  'blk_account_io_done',
  (k, request) => [k.ptr(request.offset), k.nowNs()],
  (k, request) => {
    if (k.tp.blockIoDone.active) k.tp.blockIoDone.fire(request);
    return 0;
  },
);

const endRequest = traced<[BlockRequest]>(
  'blk_mq_end_request',
  (k, request) => [k.ptr(request.offset), 0],
  (k, request) => {
    if (k.tp.blockRqComplete.active) k.tp.blockRqComplete.fire(request);
    accountDone(k, request);
    request.done = true;
    return 0;
  },
);

/** The node's disk: `gendisk`, queue and partition, and a model of how long requests take. */
export class Disk {
  readonly dev = MAJOR << 20;
  private readonly part: number;
  private readonly gendisk: number;
  private readonly queue: number;
  private readonly waiters = new WaitQueue();
  private readonly prng: Prng;
  /** When each of the device's slots is free again. */
  private readonly slots = new Array<number>(QUEUE_DEPTH).fill(0);

  constructor(private readonly k: Kernel) {
    const { gendisk: G, requestQueue: Q, blockDevice: B } = k.layout;
    this.prng = k.prng.fork('disk');
    const disk = k.memory.alloc(G.sizeBytes);
    this.gendisk = disk;
    this.queue = k.memory.alloc(Q.sizeBytes);
    this.part = k.memory.alloc(B.sizeBytes);
    k.w.ptr(this.queue, Q.disk, disk);
    k.w.ptr(disk, G.queue, this.queue);
    k.w.ptr(disk, G.part0, this.part);
    k.w.put(disk, G.major, MAJOR);
    k.w.put(disk, G.first_minor, 0);
    k.w.put(disk, G.minors, 16);
    k.w.text(disk, G.disk_name, 'vda');
    k.w.ptr(this.part, B.bd_disk, disk);
    k.w.put(this.part, B.bd_dev, this.dev);
  }

  /** Submits one request for the current task and sleeps until it is done. */
  *transfer(op: BlockOp, sector: number, bytes: number): Sys<void> {
    const request = this.make(op, sector, bytes);
    submitBio(this.k, this, request);
    // Not interruptible: signals wait, as in `folio_wait_bit`.
    while (!request.done) {
      const { task } = this.k;
      this.waiters.add(task);
      yield* this.k.sched.block(TASK_STATE.UNINTERRUPTIBLE);
      this.waiters.remove(task);
    }
    this.k.memory.free(request.offset);
    this.k.memory.free(request.bio);
  }

  /** The device takes a request; its interrupt comes when it has finished it. */
  dispatch(request: BlockRequest): void {
    const { k } = this;
    const now = k.nowNs();
    const slot = this.slots.indexOf(Math.min(...this.slots));
    const { op, bytes } = request;
    const ns = BASE_NS[op] + this.prng.exponential(SPREAD_NS[op]) + bytes * NS_PER_BYTE;
    const doneNs = Math.ceil(Math.max(now, this.slots[slot]) + ns);
    this.slots[slot] = doneNs;
    k.sched.at(doneNs, k.cpu(), () => {
      k.irq.blockDone(() => {
        endRequest(k, request);
        this.waiters.wake(k);
      });
    });
  }

  private make(op: BlockOp, sector: number, bytes: number): BlockRequest {
    const { k } = this;
    const { request: R, bio: B } = k.layout;
    const offset = k.memory.alloc(R.sizeBytes);
    const bio = k.memory.alloc(B.sizeBytes);
    const flags = { read: REQ_OP.READ, write: REQ_OP.WRITE | REQ_SYNC, flush: REQ_OP.FLUSH }[op];
    k.w.ptr(offset, R.q, this.queue);
    k.w.ptr(offset, R.part, this.part);
    k.w.ptr(offset, R.rq_disk, this.gendisk);
    k.w.ptr(offset, R.bio, bio);
    k.w.put(offset, R.cmd_flags, flags);
    k.w.put(offset, R.__data_len, bytes);
    k.w.put(offset, R.__sector, sector);
    k.w.ptr(bio, B.bi_bdev, this.part);
    k.w.ptr(bio, B.bi_disk, this.gendisk);
    k.w.put(bio, B.bi_opf, flags);
    k.w.put(bio, B['bi_iter.bi_sector'], sector);
    k.w.put(bio, B['bi_iter.bi_size'], bytes);
    return { op, sector, bytes, offset, bio, comm: k.task.comm, done: false };
  }
}

/** Number of sectors that a request covers. */
export function sectorsOf(request: BlockRequest): number {
  return request.bytes / SECTOR_BYTES;
}
