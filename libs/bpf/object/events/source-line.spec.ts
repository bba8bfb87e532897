import { LineTable } from './line-table';
import { assignedMember, declaredStruct, measuredTypes, passedMembers } from './source-line';

test.each([
  ['\tevent.pid = pid >> 32;', 'event pid'],
  ['\te->id.tgid = id;', 'e id.tgid'],
  ['\tevent.callers[1] = stack[2];', 'event callers []'],
  ['\tif (x) e->flags |= 1;', 'e flags'],
  ['\telse if (a == b) e->kind = 2;', 'e kind'],
  ['\tif (event.pid == 3)', undefined],
  ['\tpid = event.pid;', undefined],
  ['\tstruct event event = {};', undefined],
  [`\te.x = ${'1'.repeat(600)};`, undefined],
])('%s assigns %s', (line, expected) => {
  const member = assignedMember(line);
  expect(member && `${member.variable} ${member.path}${member.indexed ? ' []' : ''}`).toBe(expected);
});

test.each([
  ['bpf_get_current_comm(&event.comm, sizeof(event.comm));', ['event comm']],
  ['bpf_get_current_comm(event->comm, sizeof(event->comm));', ['event comm']],
  ['\tbpf_probe_read_user_str(&e->fname.pathes, sizeof(e->fname.pathes),', ['e fname.pathes']],
  ['bpf_get_stack(ctx, &e.stack, sizeof(e.stack), 0);', ['e stack']],
  ['return bpf_ringbuf_reserve(&rb, sizeof(*e), 0);', []],
])('%s passes %j', (line, expected) => {
  expect(passedMembers(line).map(({ variable, path }) => `${variable} ${path}`)).toEqual(expected);
});

test.each([
  ['\tstruct event *e = bpf_ringbuf_reserve(&rb, 8, 0);', { struct: 'event', variable: 'e' }],
  ['\tstruct event event = {};', { struct: 'event', variable: 'event' }],
  ['\treturn 0;', undefined],
])('%s declares %j', (line, expected) => expect(declaredStruct(line)).toEqual(expected));

test.each([
  ['bpf_ringbuf_reserve(&rb, sizeof(struct event), 0);', ['event']],
  ['bpf_ringbuf_reserve(&rb, sizeof(event_t), 0);', ['event_t']],
  ['bpf_ringbuf_reserve(&rb, sizeof(*e), 0);', []],
])('%s measures %j', (line, expected) => expect(measuredTypes(line)).toEqual(expected));

test.each([
  [3, 'e->a = 1;'],
  [13, ' e->b = 2;'],
  [0, 'e->a = 1; e->b = 2;'],
  [99, 'e->a = 1; e->b = 2;'],
])('column %d of a line with two statements', (column, text) => {
  const lines = new LineTable({
    lineInfo: [{ insn: 4, file: 'a.c', text: 'e->a = 1; e->b = 2;', line: 1, column }],
  });
  expect(lines.at(9)?.text.trim()).toBe(text.trim());
  expect(lines.at(3)).toBeUndefined();
});
