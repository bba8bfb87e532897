import { attach, ENGINES, load, node, refusal } from './testing';

describe.each(ENGINES)('%s', (engine) => {
  test('arguments of a probe by libbpf’s own code: registers, 32-bit and 64-bit, strings of the program', () => {
    const machine = node(engine);
    const collection = load(machine, 'usdt');
    const link = attach(collection, 'on_call', { cookie: 42 });
    attach(collection, 'on_collected');
    expect(link.attachment.hook).toBe('usdt:/usr/bin/python3:python:function__entry');
    machine.kernel.launch({ path: '/usr/bin/python3', argv: ['python3', '/srv/report.py', '1'] });
    const calls: Uint8Array[] = [];
    machine.run(2e9, (output) => output.kind === 'record' && calls.push(output.bytes));
    expect(calls.length).toBeGreaterThan(100);
    const functions = new Set<string>();
    for (const bytes of calls) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const text = (at: number) => new TextDecoder().decode(bytes.slice(at, at + 32)).split('\0')[0];
      const [line, cookie, args, file] = [
        view.getUint32(4, true),
        view.getBigUint64(8, true),
        view.getInt32(16, true),
        text(20),
      ];
      expect({ cookie, args, file }).toEqual({ cookie: 42n, args: 3, file: '/srv/report.py' });
      functions.add(`${text(52)}:${line}`);
    }
    expect([...functions].sort()).toEqual(['aggregate_rows:21', 'parse_json:8', 'render_report:34']);
    const bss = [...collection.maps].find(([name]) => name.endsWith('.bss'))![1];
    const [{ value }] = [...bss.entries()];
    const words = new BigInt64Array(value.slice(0, 16).buffer);
    expect(words.some((word) => word > 0n && word % 17n === 0n)).toBe(true);
  });
});

test('numbers of specs are given back with the link', () => {
  const machine = node();
  const collection = load(machine, 'usdt');
  const room = collection.maps.get('__bpf_usdt_specs')!.info.maxEntries;
  for (let i = 0; i < 2 * room; i++) attach(collection, 'on_call', { cookie: i }).detach();
  for (let i = 0; i < room; i++) attach(collection, 'on_call');
  expect(refusal(collection, 'on_call')).toMatchObject({ errno: 7 });
  collection.detachAll();
  expect(
    machine.kernel.hooks.user.site(machine.kernel.hooks.user.find('python3')!.probes[0].address).active,
  ).toBe(false);
});

test.each([
  ['python3:python:nothing', 2, /USDT probe python:nothing of \/usr\/bin\/python3 does not exist/],
  ['/no/such/file:python:line', 2, /\/no\/such\/file does not exist/],
  ['python3:line', 22, /is not path:provider:name/],
])('%s is refused', (target, errno, message) => {
  const collection = load(node(), 'usdt');
  expect(refusal(collection, 'on_call', { target })).toMatchObject({
    errno,
    message: expect.stringMatching(message),
  });
});

test('an object without libbpf’s maps can’t have USDT programs', () => {
  const collection = load(node(), 'usdt');
  const bare = new Map([...collection.maps].filter(([name]) => name !== '__bpf_usdt_specs'));
  Object.defineProperty(collection, 'maps', { value: bare });
  expect(refusal(collection, 'on_call').message).toContain('__bpf_usdt_specs');
});
