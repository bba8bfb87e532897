import { essentialLength, essentialName } from './essential-name';

describe('essential name', () => {
  it.each([
    ['task_struct', 'task_struct'],
    ['task_struct___old', 'task_struct'],
    ['a___b___c', 'a___b'],
    ['___x', '___x'],
    ['x___', 'x___'],
    ['a____b', 'a____b'],
    ['a___b_', 'a'],
    ['a__b', 'a__b'],
    ['größe___v2', 'größe'],
    ['', ''],
  ])('of %p is %p', (name, essential) => {
    expect(essentialName(name)).toBe(essential);
    const bytes = new TextEncoder().encode(`..${name}\0`);
    const length = essentialLength(bytes, 2, bytes.length - 1);
    expect(new TextDecoder().decode(bytes.subarray(2, 2 + length))).toBe(essential);
  });
});
