import { DIRECT_MAP_HI } from '@probed/memory';
import { E, type HelperContext, type HelperFamily } from '../helper-context';
import { kernelRange } from '../user-memory';

/** XATTR_SIZE_MAX (include/uapi/linux/limits.h): how far the string functions look. */
const LOOK_MAX = 65_536;

/** Marks a byte that can't be read; other bytes are 0..255. */
const UNREADABLE = -1;

/** A string at an address that nobody proved. */
class UnsafeText {
  /** 0, or -ERANGE for what is no kernel address. */
  readonly range: number;

  constructor(
    private readonly c: HelperContext,
    private readonly lo: number,
    private readonly hi: number,
  ) {
    this.range = kernelRange(lo, hi);
  }

  byte(index: number): number {
    const { u8 } = this.c.memory;
    const at = (this.lo >>> 0) + index;
    return this.hi >>> 0 === DIRECT_MAP_HI && at < u8.length ? u8[at] : UNREADABLE;
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** __bpf_strcasecmp. */
function compare(a: UnsafeText, b: UnsafeText, fold: (byte: number) => number): number {
  if (a.range || b.range) return E.RANGE;
  for (let i = 0; i < LOOK_MAX; i++) {
    const [x, y] = [a.byte(i), b.byte(i)];
    if (x === UNREADABLE || y === UNREADABLE) return E.FAULT;
    if (fold(x) !== fold(y)) return fold(x) < fold(y) ? -1 : 1;
    if (x === 0) return 0;
  }
  return E.TOO_BIG;
}

/** bpf_strnchr: index of a character among the first `count`; the NUL counts as one. */
function find(text: UnsafeText, count: number, wanted: number, atEnd: (index: number) => number): number {
  if (text.range) return E.RANGE;
  for (let i = 0; i < LOOK_MAX; i++) {
    if (i >= count) return E.NOENT;
    const byte = text.byte(i);
    if (byte === UNREADABLE) return E.FAULT;
    if (byte === wanted) return i;
    if (byte === 0) return atEnd(i);
  }
  return E.TOO_BIG;
}

function findLast(text: UnsafeText, wanted: number): number {
  if (text.range) return E.RANGE;
  let last: number = E.NOENT;
  for (let i = 0; i < LOOK_MAX; i++) {
    const byte = text.byte(i);
    if (byte === UNREADABLE) return E.FAULT;
    if (byte === wanted) last = i;
    if (byte === 0) return last;
  }
  return E.TOO_BIG;
}

/** bpf_strnlen. */
function length(text: UnsafeText, count: number): number {
  if (text.range) return E.RANGE;
  for (let i = 0; i < LOOK_MAX; i++) {
    if (i >= count) return i;
    const byte = text.byte(i);
    if (byte === UNREADABLE) return E.FAULT;
    if (byte === 0) return i;
  }
  return E.TOO_BIG;
}

/** bpf_strspn, bpf_strcspn: characters at the start that are in the set, or are not. */
function span(text: UnsafeText, set: UnsafeText, member: boolean): number {
  if (text.range || set.range) return E.RANGE;
  for (let i = 0; i < LOOK_MAX; i++) {
    const byte = text.byte(i);
    if (byte === UNREADABLE) return E.FAULT;
    if (byte === 0) return i;
    const found = inSet(set, byte);
    if (found < 0) return found;
    if (found !== (member ? 1 : 0)) return i;
  }
  return E.TOO_BIG;
}

/** 1 or 0, or a negative errno. */
function inSet(set: UnsafeText, byte: number): number {
  for (let j = 0; j < LOOK_MAX; j++) {
    const member = set.byte(j);
    if (member === UNREADABLE) return E.FAULT;
    if (member === 0) return 0;
    if (member === byte) return 1;
  }
  return E.TOO_BIG;
}

/** bpf_strnstr: where the second string begins within the first `count` characters. */
function search(text: UnsafeText, wanted: UnsafeText, count: number): number {
  if (text.range || wanted.range) return E.RANGE;
  for (let i = 0; i < LOOK_MAX; i++) {
    for (let j = 0; i + j <= count && j < LOOK_MAX; j++) {
      const letter = wanted.byte(j);
      if (letter === UNREADABLE) return E.FAULT;
      if (letter === 0) return i;
      // The kernel looks at a character past `count` only to see whether the wanted one ended.
      if (i + j === count) break;
      const byte = text.byte(i + j);
      if (byte === UNREADABLE) return E.FAULT;
      if (byte === 0) return E.NOENT;
      if (byte !== letter) break;
      if (j === LOOK_MAX - 1) return E.TOO_BIG;
    }
    if (i === count) return E.NOENT;
  }
  return E.TOO_BIG;
}

const UNLIMITED = Number.POSITIVE_INFINITY;
const same = (byte: number) => byte;
const missing = () => E.NOENT;

function count(lo: number, hi: number): number {
  return (hi >>> 0) * 2 ** 32 + (lo >>> 0);
}

/** kernel/bpf/helpers.c. */
export const STRING_KFUNCS: HelperFamily = {
  bpf_strcmp: (c) => (a, ah, b, bh) => compare(new UnsafeText(c, a, ah), new UnsafeText(c, b, bh), same),
  bpf_strcasecmp: (c) => (a, ah, b, bh) => compare(new UnsafeText(c, a, ah), new UnsafeText(c, b, bh), lower),
  bpf_strchr: (c) => (lo, hi, byte) => find(new UnsafeText(c, lo, hi), UNLIMITED, byte & 0xff, missing),
  bpf_strchrnul: (c) => (lo, hi, byte) => find(new UnsafeText(c, lo, hi), UNLIMITED, byte & 0xff, same),
  bpf_strnchr: (c) => (lo, hi, n, nh, byte) =>
    find(new UnsafeText(c, lo, hi), count(n, nh), byte & 0xff, missing),
  bpf_strrchr: (c) => (lo, hi, byte) => findLast(new UnsafeText(c, lo, hi), byte & 0xff),
  bpf_strlen: (c) => (lo, hi) => length(new UnsafeText(c, lo, hi), UNLIMITED),
  bpf_strnlen: (c) => (lo, hi, n, nh) => length(new UnsafeText(c, lo, hi), count(n, nh)),
  bpf_strspn: (c) => (a, ah, b, bh) => span(new UnsafeText(c, a, ah), new UnsafeText(c, b, bh), true),
  bpf_strcspn: (c) => (a, ah, b, bh) => span(new UnsafeText(c, a, ah), new UnsafeText(c, b, bh), false),
  bpf_strstr: (c) => (a, ah, b, bh) => search(new UnsafeText(c, a, ah), new UnsafeText(c, b, bh), UNLIMITED),
  bpf_strnstr: (c) => (a, ah, b, bh, n, nh) =>
    search(new UnsafeText(c, a, ah), new UnsafeText(c, b, bh), count(n, nh)),
};
