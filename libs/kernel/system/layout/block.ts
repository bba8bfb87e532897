import { struct } from './struct-table';

/** `include/linux/blk-mq.h` */
export const REQUEST = struct(
  'request',
  [
    'q',
    'cmd_flags',
    'rq_flags',
    '__data_len',
    '__sector',
    'part',
    'bio',
    'start_time_ns',
    'io_start_time_ns',
  ],
  {
    // Until 5.16; then `q->disk`.
    older: ['rq_disk'],
  },
);

/** `include/linux/blkdev.h` */
export const REQUEST_QUEUE = struct('request_queue', ['disk']);

export const GENDISK = struct('gendisk', ['major', 'first_minor', 'minors', 'disk_name', 'part0', 'queue']);

/** `include/linux/blk_types.h` */
export const BLOCK_DEVICE = struct('block_device', ['bd_disk', 'bd_dev', 'bd_start_sect', 'bd_nr_sectors']);

export const BIO = struct('bio', ['bi_bdev', 'bi_opf', 'bi_iter.bi_sector', 'bi_iter.bi_size'], {
  // Until 5.11; then `bi_bdev->bd_disk`.
  older: ['bi_disk'],
});
