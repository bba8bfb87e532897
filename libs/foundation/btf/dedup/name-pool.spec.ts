import { NamePool } from './name-pool';

const encode = (text: string) => new TextEncoder().encode(text);

describe('a pool of names', () => {
  const source = encode('\0base\0one\0two\0one\0phone\0größe\0');
  const at = (text: string, from = 0) => new TextDecoder('latin1').decode(source).indexOf(text, from);

  test('keeps each text once, in the order of asking', () => {
    const pool = new NamePool(source, 0);
    const second = at('one\0', at('two'));
    expect([at('two'), second, at('one'), at('two'), 0].map((offset) => pool.add(offset))).toEqual([
      1, 5, 5, 1, 0,
    ]);
    expect(pool.finish()).toEqual(encode('\0two\0one\0'));
  });

  test('takes the end of a text for a text, and bytes as they are', () => {
    const pool = new NamePool(source, 0);
    expect(pool.add(at('phone') + 2)).toBe(1);
    expect(pool.add(at('one'))).toBe(1);
    expect(pool.add(at('gr'))).toBe(5);
    expect(pool.finish()).toEqual(encode('\0one\0größe\0'));
  });

  test('finds what the base has', () => {
    const base = at('one');
    const pool = new NamePool(encode('\0base\0base\0new\0'), base);
    pool.know(1);
    expect([6, 11].map((offset) => pool.add(offset))).toEqual([1, base]);
    expect(pool.finish()).toEqual(encode('new\0'));
  });

  test('holds many', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `name_${i % 2500}`);
    const pool = new NamePool(encode(`\0${names.join('\0')}\0`), 0);
    let offset = 1;
    const added = names.map((name) => {
      const now = pool.add(offset);
      offset += name.length + 1;
      return now;
    });
    expect(new Set(added).size).toBe(2500);
    expect(added.slice(2500)).toEqual(added.slice(0, 2500));
    expect(pool.finish()).toEqual(encode(`\0${names.slice(0, 2500).join('\0')}\0`));
  });
});
