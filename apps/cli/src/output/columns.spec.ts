import { formatTable } from './columns';

describe('formatTable', () => {
  it('aligns columns by their widest cell and drops trailing blanks', () => {
    const table = formatTable(
      [{ title: 'NAME' }, { title: 'COUNT', align: 'right' }, { title: 'NOTE' }],
      [
        ['execve', '7', ''],
        ['x', '12345678', 'busy'],
      ],
    );
    expect(table).toBe(['NAME       COUNT  NOTE', 'execve         7', 'x       12345678  busy'].join('\n'));
  });
});
