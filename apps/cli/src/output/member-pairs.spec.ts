import { memberPairs } from './member-pairs';

test('members that are used, by their path, without the time that the line has already', () => {
  const value = {
    ktime_ns: 5,
    type: 'POD_CONNECT',
    at: { start_ns: 7, fd: 3, flags: 0 },
    daddr: 0x0100007f,
    saddr: 0,
    daddr6: '00000000',
    argv: 'ls -l\n',
    path: '',
  };
  const wall = { ktime_ns: '2026-01-01T00:00:01.000000005Z', 'at.start_ns': '2026-01-01T00:00:02.000000Z' };
  expect(memberPairs(value, wall)).toBe(
    'type=POD_CONNECT at.start_ns=00:00:02.000000 at.fd=3 daddr=127.0.0.1 argv="ls -l\\n"',
  );
});

test('a value that is no struct', () => expect(memberPairs(7)).toBe('value=7'));
