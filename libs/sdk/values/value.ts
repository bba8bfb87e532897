/**
 * A C value in JS. The type decides, never the value:
 *
 * | C | read as | taken as |
 * |---|---|---|
 * | integers up to 32 bits | `number` | number, bigint, decimal or `0x…` text |
 * | 64-bit and wider integers, pointers | `bigint` | the same |
 * | `bool` | `boolean` | boolean, 0, 1 |
 * | `float`, `double` | `number` | number |
 * | enums | enumerator's name; `number` (64-bit enums `bigint`) where none fits | name or integer |
 * | `char[]` | `string` up to the first NUL | string, `Uint8Array` |
 * | `unsigned char[]`, `u8[]` | `Uint8Array` | `Uint8Array`, list of numbers, hex text |
 * | other arrays | array | array; missing elements are zero |
 * | structs, unions | object, members of anonymous ones inlined | object; missing members are zero |
 *
 * Integers are what a C program on x86-64 loads: `__be16` and `__be32` are not turned round (see `ntohs`, `ntohl`).
 */
export type Value =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | Value[]
  | { [name: string]: Value };

/** A value of a type that only the object knows: name it yourself (`map<number, Stats>('stats')`) or take it as it comes. */
// biome-ignore lint/suspicious/noExplicitAny: the type is in the object file, out of TypeScript's sight
export type Any = any;
