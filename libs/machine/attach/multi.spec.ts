import { attach, ENGINES, load, node, refusal, runDemo, seen } from './testing';

describe.each(ENGINES)('%s', (engine) => {
  test('kprobe.multi: one link at all functions that match', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts');
    const link = attach(collection, 'many_entries');
    expect(link.attachment).toMatchObject({ hook: 'kprobe.multi:vfs_*', state: 'live' });
    expect(link.attachment.places).toBeGreaterThan(30);
    runDemo(machine, 2e8);
    const { calls, ip, word } = seen(collection, 4);
    expect(calls).toBeGreaterThan(50);
    expect(machine.kernel.kernelSymbol(Number(ip))).toMatchObject({ offset: 0 });
    expect(word).toBe(ip);
    link.detach();
    machine.run(1e8, () => undefined);
    expect(seen(collection, 4).calls).toBe(calls);
    expect(machine.kernel.hooks.kernelFunction('vfs_read')!.active).toBe(false);
  });

  test('a cookie for each function of a list', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts');
    attach(collection, 'many_entries', { symbols: ['vfs_read', 'vfs_write'], cookies: [11, 22] });
    const { hooks } = machine.kernel;
    for (const [name, cookie] of [
      ['vfs_read', 11],
      ['vfs_write', 22],
    ] as const) {
      const hook = hooks.kernelFunction(name)!;
      hook.call([0], () => 0);
      expect(seen(collection, 4)).toMatchObject({ cookie, ip: BigInt(hook.ip) });
    }
  });

  test('kretprobe.multi sees the result and the entry address', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts');
    attach(collection, 'many_returns');
    const hook = machine.kernel.hooks.kernelFunction('vfs_read')!;
    hook.call([0], () => 123);
    expect(seen(collection, 5)).toEqual({ calls: 1, cookie: 0, ip: BigInt(hook.ip), word: 123n });
  });

  test.each([
    [0, 2],
    [1, 1],
  ])('kprobe.session: %d at the entry means %d calls', (result, calls) => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts', { result });
    attach(collection, 'both_ends', { cookie: 5 });
    machine.kernel.hooks.kernelFunction('vfs_open')!.call([0, 0], () => 0);
    expect(seen(collection, 6)).toMatchObject({ calls, cookie: 5 });
  });

  test('kprobe.session: each call has a word of its own, from the entry to the return', () => {
    const machine = node(engine);
    const collection = load(machine, 'session');
    attach(collection, 'latency');
    const read = machine.kernel.hooks.kernelFunction('vfs_read')!;
    // A call within a call of the same function: the words must not be mixed up.
    read.call([11], () => {
      read.call([22], () => 2);
      expect(seen(collection, 0)).toMatchObject({ calls: 1, cookie: 22, word: 2n });
      return 1;
    });
    expect(seen(collection, 0)).toMatchObject({ calls: 2, cookie: 11, word: 1n });
  });

  test('uprobe.multi and uprobe.session at functions of a library named as the loader finds it', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts');
    const link = attach(collection, 'many_user', { cookie: 8 });
    expect(link.attachment.places).toBeGreaterThan(2);
    attach(collection, 'user_session');
    const malloc = machine.kernel.hooks.userFunction('libc.so.6', 'malloc')!;
    malloc.call([64], () => 4096);
    expect(seen(collection, 13)).toEqual({ calls: 1, cookie: 8, ip: BigInt(malloc.ip), word: 64n });
    expect(seen(collection, 14).calls).toBe(2);
  });
});

test.each([
  ['many_entries', { target: 'no_such_*' }, 2, /matches no_such_\*/],
  ['many_entries', { target: 'vfs_[rw]' }, 22, /pattern "vfs_\[rw\]" is invalid/],
  ['many_entries', { symbols: ['vfs_read', 'vfs_nothing'] }, 3, /vfs_nothing does not exist \(ESRCH\)/],
  ['many_entries', { symbols: ['vfs_read'], cookies: [1, 2] }, 22, /2 cookies for 1 functions/],
  ['many_user', { target: 'libc.so.6:nothing_*' }, 2, /matches nothing_\*/],
  ['many_user', { target: 'libnothing.so:malloc' }, 2, /full path for 'libnothing.so'/],
  ['many_user', { target: 'malloc' }, 22, /is not path:pattern/],
  ['on_uprobe', { target: '/bin/bash:nothing' }, 2, /user function nothing of \/usr\/bin\/bash/],
  ['on_uprobe', { target: '/bin/bash:0x99999999' }, 22, /outside of the text/],
  ['on_uprobe', { target: 'readline' }, 22, /is not path:function/],
  ['on_kprobe', { target: 'vfs_wirte' }, 2, /vfs_wirte does not exist \(ENOENT\)/],
  ['on_fentry', { target: 'vfs_nothing' }, 2, /with BTF does not exist/],
  ['on_tracepoint', { target: 'sched/nothing' }, 2, /sched\/nothing does not exist/],
])('%s at %j is refused with %d', (name, options, errno, message) => {
  const collection = load(node(), 'verdicts');
  expect(refusal(collection, name, options)).toMatchObject({
    errno,
    message: expect.stringMatching(message),
  });
  expect(collection.links).toEqual([]);
});

test('near names are told with what does not exist', () => {
  const collection = load(node(), 'verdicts');
  expect(refusal(collection, 'on_kprobe', { target: 'vfs_wirte' }).hint).toContain('vfs_write');
  expect(refusal(collection, 'on_uprobe', { target: '/bin/bash:readlin' }).hint).toContain('readline');
});

test('uprobes by short name, by PATH and by offset in the file find the same function', () => {
  const machine = node();
  const readline = machine.kernel.hooks.userFunction('/usr/bin/bash', 'readline')!;
  const image = machine.kernel.hooks.user.find('bash')!;
  for (const target of [
    'bash:readline',
    '/bin/bash:readline',
    `/bin/bash:0x${(readline.ip - image.base).toString(16)}`,
  ]) {
    const collection = load(machine, 'verdicts');
    attach(collection, 'on_uprobe', { target, cookie: 4 });
    readline.call([0], () => 0);
    expect(seen(collection, 12)).toMatchObject({ calls: 1, cookie: 4, ip: BigInt(readline.ip) });
    collection.unload();
  }
  const inside = attach(load(machine, 'verdicts'), 'on_uprobe', { target: '/bin/bash:readline+0x10' });
  expect(inside.attachment.state).toBe('inert');
});
