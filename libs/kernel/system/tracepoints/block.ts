import { type BlockRequest, rwbs, sectorsOf } from '../block/disk';
import type { Kernel } from '../kernel';
import { row } from './row';

/** `include/trace/events/block.h` */
export function blockRows(k: Kernel) {
  const place = (request: BlockRequest) => ({
    dev: k.disk.dev,
    sector: request.sector,
    nr_sector: sectorsOf(request),
    rwbs: rwbs(request),
  });
  const issue = (name: string) =>
    row(
      'block',
      name,
      (request: BlockRequest) => [k.ptr(request.offset)],
      (request) => ({ ...place(request), bytes: request.bytes, ioprio: 0, comm: request.comm, cmd: '' }),
    );
  return {
    blockBioQueue: row(
      'block',
      'block_bio_queue',
      (request: BlockRequest) => [k.ptr(request.bio)],
      (request) => ({ ...place(request), comm: request.comm }),
    ),
    blockIoStart: issue('block_io_start'),
    blockIoDone: issue('block_io_done'),
    blockRqIssue: issue('block_rq_issue'),
    blockRqComplete: row(
      'block',
      'block_rq_complete',
      (request: BlockRequest) => [k.ptr(request.offset), 0, request.bytes],
      (request) => ({ ...place(request), error: 0, ioprio: 0, cmd: '' }),
    ),
  };
}
