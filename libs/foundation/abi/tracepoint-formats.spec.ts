import { printTracepointFormat, TracepointFormats } from './index';

const COMMON = [
  '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
  '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;',
  '\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;',
  '\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;',
].join('\n');

const PACKED = [
  [
    'sched/sched_process_exec',
    374,
    3,
    '__data_loc char[] filename',
    8,
    4,
    0,
    'pid_t pid',
    12,
    4,
    1,
    'pid_t old_pid',
    16,
    4,
    1,
    '"filename=%s pid=%d old_pid=%d", __get_str(filename), REC->pid, REC->old_pid',
  ],
  ['sched/a', 10, 1, 'char comm[16]', 8, 16, 0, '"a\\\\n\\nb"'],
  ['ftrace/function', 1, 1, 'unsigned long args[]', 24, 0, 0, '" %ps"'],
  ['x/y', 2, 2, 'const char * p', 8, 8, 0, '__rel_loc u8[] data', 16, 4, 0, '""'],
  ['x/z', 3, 1, 'u8 mac[ETH_ALEN]', 8, 6, 0, '""'],
]
  .map((columns) => columns.join('\t'))
  .join('\n');

const formats = new TracepointFormats(PACKED);

test('prints the file as the kernel does', () => {
  expect(printTracepointFormat(formats.get('sched', 'sched_process_exec')!)).toBe(
    `name: sched_process_exec\nID: 374\nformat:\n${COMMON}\n\n` +
      '\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n' +
      '\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n' +
      '\tfield:pid_t old_pid;\toffset:16;\tsize:4;\tsigned:1;\n\n' +
      'print fmt: "filename=%s pid=%d old_pid=%d", __get_str(filename), REC->pid, REC->old_pid\n',
  );
});

test('undoes the escapes of the print format', () => {
  expect(formats.get('sched', 'a')?.printFmt).toBe('"a\\n\nb"');
});

const field = (group: string, name: string, index: number) => {
  const {
    declaration: _,
    offset: __,
    size: ___,
    signed: ____,
    ...rest
  } = formats.get(group, name)!.fields[index];
  return rest;
};

test.each([
  [
    'sched',
    'sched_process_exec',
    0,
    { name: 'filename', type: 'char', dataLoc: true, relLoc: false, isArray: true, arrayLength: 0 },
  ],
  [
    'sched',
    'sched_process_exec',
    1,
    { name: 'pid', type: 'pid_t', dataLoc: false, relLoc: false, isArray: false, arrayLength: undefined },
  ],
  [
    'sched',
    'a',
    0,
    { name: 'comm', type: 'char', dataLoc: false, relLoc: false, isArray: true, arrayLength: 16 },
  ],
  [
    'ftrace',
    'function',
    0,
    { name: 'args', type: 'unsigned long', dataLoc: false, relLoc: false, isArray: true, arrayLength: 0 },
  ],
  [
    'x',
    'y',
    0,
    {
      name: 'p',
      type: 'const char *',
      dataLoc: false,
      relLoc: false,
      isArray: false,
      arrayLength: undefined,
    },
  ],
  ['x', 'y', 1, { name: 'data', type: 'u8', dataLoc: false, relLoc: true, isArray: true, arrayLength: 0 }],
  [
    'x',
    'z',
    0,
    { name: 'mac', type: 'u8', dataLoc: false, relLoc: false, isArray: true, arrayLength: undefined },
  ],
])('%s:%s field %d', (group, name, index, expected) => expect(field(group, name, index)).toEqual(expected));

test('finds by group, name and id', () => {
  expect(formats.size).toBe(5);
  expect(formats.groups()).toEqual(['ftrace', 'sched', 'x']);
  expect(formats.names('sched')).toEqual(['a', 'sched_process_exec']);
  expect(formats.names('nothing')).toEqual([]);
  expect(formats.byId(374)?.name).toBe('sched_process_exec');
  expect(formats.byId(4)).toBeUndefined();
  expect(formats.get('sched', 'y')).toBeUndefined();
  expect(formats.has('x', 'y')).toBe(true);
  expect(formats.get('sched', 'sched_process_exec')?.recordBytes).toBe(20);
  expect([...formats.all()].map((f) => f.id)).toEqual([1, 10, 374, 2, 3]);
});
