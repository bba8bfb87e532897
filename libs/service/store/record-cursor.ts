import type { RecordQuery } from '@probed/protocol';
import { StoreRefused } from './store-refused';

const ORDERS = { a: 'asc', d: 'desc' } as const;
const CURSOR = /^([ad])([0-9a-z]{1,13})$/;
const RADIX = 36;
const ID_MAX = 2n ** 63n - 1n;

/**
 * Where a page of records ended: the key of the record that was looked at last. What is stored or deleted later does not
 * move it.
 */
export function encodeCursor(order: RecordQuery['order'], id: bigint): string {
  return `${order[0]}${id.toString(RADIX)}`;
}

/** @throws StoreRefused `bad-cursor` */
export function decodeCursor(cursor: string, order: RecordQuery['order']): bigint {
  const [, letter, digits] = CURSOR.exec(cursor) ?? [];
  const id = [...(digits ?? '')].reduce(
    (sum, digit) => sum * BigInt(RADIX) + BigInt(Number.parseInt(digit, RADIX)),
    0n,
  );
  if (digits === undefined || id > ID_MAX)
    throw new StoreRefused({
      code: 'bad-cursor',
      message: `"${cursor}" is no cursor`,
      where: 'cursor',
      hint: 'give `next` of the page before, unchanged',
    });
  const of = ORDERS[letter as keyof typeof ORDERS];
  if (of !== order)
    throw new StoreRefused({
      code: 'bad-cursor',
      message: `the cursor comes from a page with order=${of}, this one has order=${order}`,
      where: 'cursor',
      hint: 'keep the query as it was from page to page',
    });
  return id;
}
