import { attach, ENGINES, load, node, refusal, runDemo, seen } from './testing';

const EACCES = -13;
const EROFS = -30;

/** Results of a system call's function while the demo runs. */
function results(machine: ReturnType<typeof node>, name: string): number[] {
  const out: number[] = [];
  machine.kernel.hooks.kernelFunction(name)!.exit.add(({ ret }) => out.push(ret ?? 0));
  return out;
}

describe.each(ENGINES)('%s', (engine) => {
  test('an LSM program that returns 0 sees every open and changes none', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts');
    const link = attach(collection, 'on_file_open', { cookie: 7 });
    const opens = results(machine, 'security_file_open');
    runDemo(machine, 3e8);
    expect(opens.length).toBeGreaterThan(10);
    expect(new Set(opens)).toEqual(new Set([0]));
    expect(seen(collection, 0)).toMatchObject({ calls: opens.length, cookie: 7 });
    expect(seen(collection, 0).word).toBeGreaterThan(0n);
    expect(link.attachment).toMatchObject({ hook: 'lsm:file_open', state: 'live' });
  });

  test('its negative result denies: the system call returns that errno, until it is detached', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts', { result: 1 });
    runDemo(machine, 2e8);
    const link = attach(collection, 'on_file_open');
    const opens = results(machine, 'do_sys_openat2');
    machine.run(2e8, () => undefined);
    expect(opens.filter((ret) => ret >= 0)).toEqual([]);
    expect(opens).toContain(EACCES);
    link.detach();
    opens.length = 0;
    machine.run(3e8, () => undefined);
    expect(opens.some((ret) => ret >= 0)).toBe(true);
    expect(opens).not.toContain(EACCES);
  });

  test('fmod_ret gives the function its result and keeps it from running', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts', { result: 1 });
    attach(collection, 'on_mkdir', { cookie: 9 });
    const hook = machine.kernel.hooks.kernelFunction('security_inode_mkdir')!;
    let ran = false;
    const ret = hook.call([0, 0, 0o755], () => {
      ran = true;
      return 0;
    });
    expect([ret, ran]).toEqual([EROFS, false]);
    expect(seen(collection, 3)).toEqual({ calls: 1, cookie: 9, ip: BigInt(hook.ip), word: 3n });
  });

  test('of several programs, none is asked once one has denied', () => {
    const machine = node(engine);
    const [first, second] = [load(machine, 'verdicts', { result: 1 }), load(machine, 'verdicts')];
    attach(first, 'on_mkdir');
    attach(second, 'on_mkdir');
    const hook = machine.kernel.hooks.kernelFunction('security_inode_mkdir')!;
    expect(hook.call([0, 0, 0], () => 0)).toBe(EROFS);
    expect([seen(first, 3).calls, seen(second, 3).calls]).toEqual([1, 0]);
  });

  test('a hook that returns nothing tells its programs', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts');
    attach(collection, 'on_task_free', { cookie: 3 });
    runDemo(machine, 5e8);
    expect(seen(collection, 2)).toMatchObject({ cookie: 3 });
    expect(seen(collection, 2).calls).toBeGreaterThan(0);
  });

  test('a denied exec fails with the errno, and the shell goes on', () => {
    const machine = node(engine);
    const collection = load(machine, 'verdicts', { result: 1 });
    attach(collection, 'on_exec');
    const verdicts = results(machine, 'security_bprm_check');
    runDemo(machine, 3e8, 'exec-storm');
    expect(verdicts.length).toBeGreaterThan(3);
    expect(new Set(verdicts)).toEqual(new Set([-1]));
    expect(seen(collection, 1).calls).toBe(verdicts.length);
  });
});

test('an unknown LSM hook is ENOENT with near names', () => {
  const machine = node();
  const collection = load(machine, 'verdicts');
  expect(refusal(collection, 'on_file_open', { target: 'file_opne' })).toMatchObject({
    errno: 2,
    message: 'LSM hook file_opne does not exist (ENOENT)',
  });
});
