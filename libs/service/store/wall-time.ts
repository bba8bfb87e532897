import { StoreRefused } from './store-refused';

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;
const NINE_DIGITS = /^\d{9}$/;
const NS_PER_MS = 1_000_000n;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Wall times as whole nanoseconds since 1970, which sort exactly where text with and without a fraction would not.
 * Records come in bunches of the same second, so the last second is kept.
 */
export class WallTime {
  private second = '';
  private secondNs = 0n;

  /**
   * @param time RFC 3339 in UTC with up to nine digits of a second
   * @returns ns since 1970, cut to 64 bits with a sign (years 1678 to 2262)
   * @throws StoreRefused `bad-time`
   */
  toNs(time: string): bigint {
    const fraction = time.slice(20, 29);
    const sameSecond = time.startsWith(this.second) && this.second !== '' && time.length === 30;
    if (sameSecond && time[19] === '.' && time[29] === 'Z' && NINE_DIGITS.test(fraction))
      return clamp(this.secondNs + BigInt(Number(fraction)));
    return this.parse(time);
  }

  private parse(time: string): bigint {
    const match = TIME.exec(time);
    const ms = match ? Date.parse(`${match[1]}Z`) : Number.NaN;
    if (!match || Number.isNaN(ms)) {
      throw new StoreRefused({
        code: 'bad-time',
        message: `"${time}" is no time`,
        hint: 'RFC 3339 in UTC, e.g. 2026-01-01T12:00:00.5Z',
      });
    }
    this.second = match[1];
    this.secondNs = BigInt(ms) * NS_PER_MS;
    return clamp(this.secondNs + BigInt((match[2] ?? '').padEnd(9, '0')));
  }
}

function clamp(ns: bigint): bigint {
  if (ns < INT64_MIN) return INT64_MIN;
  return ns > INT64_MAX ? INT64_MAX : ns;
}
