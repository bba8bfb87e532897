import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '@probed/package';
import type { BatchItem, ExecSession, Workload, WorkloadStart } from '@probed/protocol';
import { Subject } from 'rxjs';
import { ExecOutputs } from '../exec/exec-outputs';
import { daemon, FakeKernel, removeStores } from '../programs/testing';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { Demo } from './demo';
import { ExecRunner } from './exec-runner';
import { WorkloadService } from './workload-service';

afterAll(removeStores);

const WORKLOAD: Workload = {
  scenario: 'demo-cluster',
  state: 'running',
  seed: 1,
  speed: 1,
  rate: 1,
  virtual_ns: 0,
  time: '2026-01-01T00:00:00Z',
  nodes: ['node-1'],
  scenarios: [
    { name: 'demo-cluster', description: 'two nodes' },
    { name: 'idle', description: 'nothing' },
  ],
};

/** A kernel whose boots and workload commands are kept. */
function workload(state: Workload['state'] = 'running') {
  const did: string[] = [];
  const kernel = Object.assign(new FakeKernel(), {
    reboot: async (options: object = {}) => {
      did.push(`reboot ${JSON.stringify(options)}`);
    },
  });
  kernel.handlers['workload.get'] = () => ({ ...WORKLOAD, state });
  kernel.handlers['workload.start'] = (wanted) => {
    did.push(`start ${JSON.stringify(wanted)}`);
    return WORKLOAD;
  };
  kernel.handlers['workload.stop'] = () => {
    did.push('stop');
    return { ...WORKLOAD, state: 'stopped' };
  };
  kernel.handlers.fault = ({ mode }) => {
    did.push(mode);
    throw new ThreadUnavailable('kernel-restarting', 'it has died, as asked');
  };
  const { log, lines } = daemon();
  return { service: new WorkloadService(kernel, log), kernel, did, lines };
}

describe('workload', () => {
  test.each<[WorkloadStart, string[]]>([
    [{}, ['start {}']],
    [{ speed: 5 }, ['start {"speed":5}']],
    [{ scenario: 'demo-cluster', seed: 1, rate: 1 }, ['start {"scenario":"demo-cluster","seed":1,"rate":1}']],
    [{ scenario: 'idle' }, ['reboot {"scenario":"idle"}', 'start {"scenario":"idle"}']],
    [{ seed: 2 }, ['reboot {"seed":2}', 'start {"seed":2}']],
    [{ rate: 0 }, ['reboot {"rate":0}', 'start {"rate":0}']],
  ])('start %j', async (wanted, expected) => {
    const { service, did } = workload();
    await service.start(wanted);
    expect(did).toEqual(expected);
  });

  test('a scenario that there is not boots nothing', async () => {
    const { service, did } = workload();
    await expect(service.start({ scenario: 'none' })).rejects.toMatchObject({
      diagnostic: { code: 'no-such-scenario', hint: 'there are: demo-cluster, idle' },
    });
    expect(did).toEqual([]);
  });

  test('a change of speed does not start what was stopped', async () => {
    const { service, did } = workload('stopped');
    expect((await service.changeSpeed(2)).state).toBe('stopped');
    expect(did).toEqual(['start {"speed":2}', 'stop']);
  });

  test('restarts, and failures as rehearsed, are no errors', async () => {
    const { service, did, lines, kernel } = workload();
    for (const mode of ['restart', 'crash', 'hang'] as const) {
      service.restartKernel(mode);
      await new Promise(setImmediate);
    }
    expect(did).toEqual(['reboot {}', 'crash', 'hang']);
    expect(lines).toEqual([]);
    kernel.state = { ...kernel.state, state: 'restarting' };
    expect(() => service.restartKernel('restart')).toThrow(ThreadUnavailable);
  });
});

describe('demo', () => {
  function demo() {
    const parts = daemon();
    const { kernel, registry, service, log } = parts;
    const updates: unknown[] = [];
    kernel.handlers['pod.list'] = () => [
      {
        name: 'web',
        namespace: 'default',
        node: 'node-1',
        ip: '10.0.0.1',
        labels: {},
        containers: [
          { name: 'a', image: 'i', container_id: 'x', cgroup_id: 11 },
          { name: 'b', image: 'i', container_id: 'y', cgroup_id: 12 },
        ],
      },
    ];
    kernel.handlers['map.update'] = (update) => {
      updates.push(update);
      return [];
    };
    return { ...parts, updates, demo: new Demo(kernel, registry, service, log) };
  }

  test('loads the examples once, and leaves alone what has such a name', async () => {
    const { demo: examples, registry, load } = demo();
    await load('mine', 'opensnoop');
    await examples.load();
    const names = registry.all().map(({ row }) => `${row.name} ${row.origin}`);
    expect(names).toEqual([
      'opensnoop user',
      'execaudit demo',
      'podtrace demo',
      'tcpconnect demo',
      'syscount demo',
    ]);
    await examples.load();
    expect(registry.all()).toHaveLength(5);
    for (const { row } of registry.all()) {
      expect(existsSync(join(packageRoot(), 'examples', row.name, `${row.name}.bpf.c`))).toBe(true);
    }
  });

  test('tells podtrace of every container, on its node', async () => {
    const { demo: examples, kernel, updates } = demo();
    const { maps } = { maps: new Map<number, string>() };
    const load = kernel['stock']['object.load']!;
    kernel.handlers['object.load'] = (request) => {
      const loaded = load(request);
      if (request.name !== 'podtrace') return loaded;
      maps.set(request.first_map_id, 'watched_cgroups');
      return { ...loaded, maps: [{ ...loaded.maps[0], name: 'watched_cgroups' }] };
    };
    await examples.load();
    const [map_id] = maps.keys();
    expect(updates).toEqual([11, 12].map((key) => ({ map_id, key, value: 1, node: 'node-1', flags: 'any' })));
  });

  test('an example that is refused is told, and the others go on', async () => {
    const { demo: examples, kernel, registry, lines } = demo();
    kernel.refused.add('opensnoop');
    await examples.load();
    expect(registry.all()).toHaveLength(4);
    expect(lines).toEqual(['probed: warn: example opensnoop was not loaded: R1 is bad']);
  });
});

describe('a command in a container', () => {
  const LIMITS = { killMs: 50, storeMs: 50 };

  function runner() {
    const kernel = new FakeKernel();
    const outputs = new ExecOutputs();
    const items = new Subject<readonly BatchItem[]>();
    const did: unknown[] = [];
    const write = (session: string, text: string) =>
      outputs.deliver([{ type: 'output', session, stream: 'stdout', bytes: Buffer.from(text) }]);
    const exit = (session: string, exit_code: number) =>
      outputs.deliver([{ type: 'exit', session, exit_code }]);
    const sessions: ExecSession[] = [];
    kernel.handlers['exec.start'] = ({ id, pod, command, tty }) => {
      const session: ExecSession = {
        id,
        boot: 'b1',
        pod,
        namespace: 'default',
        container: 'c',
        node: 'node-1',
        command,
        tty,
        user: 'admin',
        state: 'running',
        pid: 7,
        started_at: '2026-01-01T00:00:00Z',
        commands: 0,
      };
      sessions.push(session);
      return session;
    };
    const exec = new ExecRunner(kernel, outputs, items, LIMITS);
    return { kernel, did, write, exit, outputs, items, sessions, exec };
  }

  test('gets its input and its end; the answer has output and exit code', async () => {
    const { kernel, did, write, exit, items, sessions, exec } = runner();
    kernel.handlers['exec.input'] = ({ bytes }) => {
      did.push(Buffer.from(bytes).toString());
      return null;
    };
    kernel.handlers['exec.eof'] = ({ session }) => {
      did.push('eof');
      const ended = { ...sessions[0], state: 'exited', exit_code: 4, commands: 2 } as const;
      void write(session, 'echo')
        .then(() => exit(session, 4))
        .then(() => items.next([{ type: 'session', session: ended }]));
      return null;
    };
    const result = await exec.run({ pod: 'p', command: ['cat'], stdin: 'grün', timeout_s: 5 });
    expect(did).toEqual(['grün', 'eof']);
    expect(result).toMatchObject({ stdout: 'echo', stderr: '', truncated: false, timed_out: false });
    expect(result.session).toMatchObject({ state: 'exited', exit_code: 4, commands: 2 });
  });

  test('that does not read its input may be gone before it', async () => {
    const { kernel, exit, exec } = runner();
    kernel.handlers['exec.input'] = ({ session }) => {
      void exit(session, 0);
      throw new CommandRefused({ code: 'session-ended', message: 'it has ended' });
    };
    const result = await exec.run({ pod: 'p', command: ['true'], stdin: 'x', timeout_s: 5 });
    expect(result.session).toMatchObject({ state: 'exited', exit_code: 0 });
  });

  test('that does not even end when it is killed is given up', async () => {
    const { kernel, exec } = runner();
    kernel.handlers['exec.kill'] = () => null;
    const running = exec.run({ pod: 'p', command: ['sleep'], timeout_s: 0.05 });
    await expect(running).rejects.toMatchObject({ code: 'kernel-busy' });
  });

  test('is killed when its time is over', async () => {
    const { kernel, exit, exec } = runner();
    kernel.handlers['exec.kill'] = ({ session }) => {
      void exit(session, 137);
      return null;
    };
    const result = await exec.run({ pod: 'p', command: ['sleep'], timeout_s: 0.05 });
    expect([result.timed_out, result.session.exit_code]).toEqual([true, 137]);
  });

  test('is lost with the kernel', async () => {
    const { exec, outputs } = runner();
    const running = exec.run({ pod: 'p', command: ['sleep'], timeout_s: 5 });
    await new Promise(setImmediate);
    outputs.loseAll('the kernel thread died');
    await expect(running).rejects.toMatchObject({ code: 'kernel-restarting' });
  });
});
