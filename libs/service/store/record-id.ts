import { assert } from '@probed/base';

const SEQUENCE_BITS = 40n;
const SEQUENCE_MASK = (1n << SEQUENCE_BITS) - 1n;
const SEQUENCE_MAX = Number(SEQUENCE_MASK);
const BLOCK_BITS = 12n;

/**
 * Key of a record: the ordinal of its boot above 40 bits of its sequence. So keys are in the order of arrival, one
 * record has one key however often it is stored, and the records after a given one are a range.
 */
export function recordId(bootOrdinal: bigint, sequence: number): bigint {
  assert(Number.isInteger(sequence) && sequence >= 0 && sequence <= SEQUENCE_MAX, 'sequence of a record');
  return (bootOrdinal << SEQUENCE_BITS) | BigInt(sequence);
}

export const bootOrdinalOf = (id: bigint): bigint => id >> SEQUENCE_BITS;
export const sequenceOf = (id: bigint): number => Number(id & SEQUENCE_MASK);

/** Blocks of 4,096 keys, of which `record_times` keeps the earliest and the latest time. */
export const blockOf = (id: bigint): bigint => id >> BLOCK_BITS;
export const firstIdOf = (block: bigint): bigint => block << BLOCK_BITS;
