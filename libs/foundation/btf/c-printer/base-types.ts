import type { BtfFloat, BtfInt } from '../types';

const INT_WORDS = new Set(['char', 'short', 'int', 'long', 'signed', 'unsigned', '_Bool', '__int128']);
const FLOAT_NAMES = new Set(['float', 'double', 'long double', '_Float16']);

const SIGNED: Record<number, string> = {
  1: 'signed char',
  2: 'short',
  4: 'int',
  8: 'long long',
  16: '__int128',
};
const UNSIGNED: Record<number, string> = {
  1: 'unsigned char',
  2: 'unsigned short',
  4: 'unsigned int',
  8: 'unsigned long long',
  16: 'unsigned __int128',
};
const FLOATS: Record<number, string> = { 2: '_Float16', 4: 'float', 8: 'double' };

/** True for a base type that C has under this very name, e.g. `long unsigned int`. */
export function isCBaseType(type: BtfInt | BtfFloat): boolean {
  if (type.kind === 'float') return FLOAT_NAMES.has(type.name);
  return type.name.split(' ').every((word) => INT_WORDS.has(word));
}

/** The C type that lays out like it, for compilers' own names (`ssizetype`) and other languages' (`u32`). */
export function cBaseType(type: BtfInt | BtfFloat): string {
  if (type.kind === 'float') return FLOATS[type.size] ?? 'long double';
  if (type.bool && type.size === 1) return '_Bool';
  return (type.signed ? SIGNED : UNSIGNED)[type.size];
}
