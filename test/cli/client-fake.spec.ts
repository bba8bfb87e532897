import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BPFFS,
  COMMANDS,
  HEALTH,
  LINK,
  MAP,
  NAMESAKE,
  OBJECT,
  POD,
  PROGRAM,
  recordOf,
  SESSION,
  WORKLOAD,
} from './client-data';
import { FakeDaemon, Refuse } from './fake-daemon';
import { example, parseDocuments, RunningProbectl, rejectedExample } from './probectl';

const daemon = new FakeDaemon();
const folder = mkdtempSync(join(tmpdir(), 'probectl-client-'));

beforeAll(() => daemon.start());
afterAll(() => daemon.stop());
beforeEach(() => {
  daemon.reset();
  daemon.answers = {
    listPrograms: () => ({ programs: [PROGRAM, NAMESAKE] }),
    listLinks: () => ({ links: [LINK] }),
    listMaps: () => ({ maps: [MAP] }),
    listObjects: () => ({ objects: [OBJECT] }),
    listPods: () => ({ pods: [POD] }),
    listExecSessions: () => ({ sessions: [SESSION] }),
    getExecSession: () => ({ ...SESSION, command_list: COMMANDS }),
    health: () => HEALTH,
    getWorkload: () => WORKLOAD,
    startWorkload: () => WORKLOAD,
    stopWorkload: () => ({ ...WORKLOAD, state: 'stopped' }),
    changeWorkload: () => WORKLOAD,
    uploadProgram: () => OBJECT,
    dumpProgram: ({ query }) =>
      query['format'] === 'jited'
        ? { id: 7, name: 'on_exec', format: 'jited', wasm: '0061736d01000000' }
        : { id: 7, name: 'on_exec', format: 'xlated', lines: ['   0: (b7) r0 = 0', '   1: (95) exit'] },
    programLog: () => ({
      id: 7,
      name: 'on_exec',
      verdict: 'accept',
      processed: 2,
      log: ['processed 2 insns'],
    }),
    attach: () => LINK,
    getLink: () => LINK,
    updateLink: () => ({ ...LINK, program_id: 8 }),
    explainLink: () => ({
      link: LINK,
      nodes: ['node-1', 'node-2'].map((node) => ({
        node,
        findings: [
          {
            code: 'nothing-came',
            what: 'nothing came to it',
            evidence: ['0 events'],
            advice: 'run something',
          },
        ],
      })),
    }),
    readLink: () => ({
      id: 9,
      program: 'on_exec',
      nodes: [
        { node: 'node-1', text: 'pid comm\n1 init\n' },
        { node: 'node-2', text: 'pid comm\n' },
      ],
    }),
    listBpffs: () => ({ entries: BPFFS }),
    pin: () => BPFFS[1],
    makeBpffsDirectory: () => BPFFS[0],
    dumpMap: () => ({
      map: MAP,
      nodes: [
        {
          node: 'node-1',
          time: '2026-01-01T00:00:00Z',
          kind: 'entries',
          entries: [
            { key: 1, value: { hits: 3, who: 'cat' } },
            { key: 2, value: { hits: 5, who: 'ls' } },
          ],
        },
      ],
    }),
    lookupMap: () => ({ map_id: 4, entries: [{ node: 'node-1', key: 1, value: 3 }] }),
    updateMap: () => ({ map_id: 4, entries: [{ node: 'node-1', key: 1, value: 4 }] }),
  };
});
afterEach(() => expect(daemon.faults).toEqual([]));

const env = () => ({ PROBED_URL: daemon.url, PROBED_TOKEN: FakeDaemon.TOKEN });

function client(...args: string[]) {
  return new RunningProbectl(args, { env: env() }).done;
}

const LISTS: readonly (readonly [args: string, wire: unknown[], rows: RegExp[]])[] = [
  [
    'prog list',
    [PROGRAM, NAMESAKE],
    [
      /^ID +PROGRAM +TYPE +OBJECT +RUNS +INSNS +LOADED +ATTACHED TO$/,
      /^ 7 .*execaudit +12 .*tracepoint:sched:/,
    ],
  ],
  ['prog show 7', [PROGRAM], [/^section +tracepoint\/sched/, /^node-2 +7 +1 +0$/]],
  ['object list', [OBJECT], [/execaudit +loaded +1 +1 +1 +12\.1 KiB/]],
  [
    'link list',
    [LINK],
    [/9 +on_exec \(7\) +execaudit +tracepoint:sched:sched_process_exec +live +12 +node-1,node-2/],
  ],
  ['link list --bpffs', [LINK], [/PINNED$/, /node-1,node-2 .*\/sys\/fs\/bpf\/audit\/exec$/]],
  ['map list --bpffs', [MAP], [/PINNED$/, /node-1,node-2 +-$/]],
  ['prog list --bpffs', [PROGRAM, NAMESAKE], [/ATTACHED TO +PINNED$/]],
  ['link show 9', [LINK], [/^last result +0$/, /^node-2 +7 +1 +0 +\S+ +0$/, /^node-1 +5 +0 +0 +- +-$/]],
  [
    'bpffs ls',
    BPFFS,
    [/^\/sys\/fs\/bpf\/audit +dir +- +- +- +node-1,node-2$/, /counts +map +4 +counts +execaudit +node-1$/],
  ],
  ['map list', [MAP], [/4 +counts +hash +execaudit +4 +8 +1024 +node-1,node-2/]],
  ['map show counts', [MAP], [/^max entries +1024$/]],
  ['pods', [POD], [/shop +web-0 +node-1 +10\.0\.1\.4 +nginx \(nginx:1\.27\) +app=web/]],
  ['sessions', [SESSION], [/s-17 +exited 0 +shop\/web-0 +nginx +node-1 +alice .* 4 +bash/]],
  ['sessions list', [SESSION], [/s-17/]],
  [
    'status',
    [HEALTH],
    [
      /^status +degraded$/,
      /^kernel +busy for 1\.5 s, boot b1 .*2 restarts/,
      /^release +5\.10\.0-43-amd64, with the layout of \/btf\/vmlinux-5\.10\.btf$/,
      /^store +failing \(database or disk is full\).*5 of 1000 waiting, 3 dropped/,
      /^records +120, 10\.3\/s, 4 lost in full buffers$/,
    ],
  ],
  ['workload', [WORKLOAD], [/^scenario +demo-cluster$/, /^virtual time +12\.5 s since boot/]],
];

test.each(LISTS)('%s: the wire with --json, a table without', async (args, wire, rows) => {
  const words = args.split(' ');
  const json = await client(...words, '--json');
  expect(json).toMatchObject({ code: 0, stderr: '' });
  expect(parseDocuments(json.stdout)).toEqual(wire);
  const { stdout, code } = await client(...words);
  expect(code).toBe(0);
  for (const row of rows) expect(stdout).toMatch(new RegExp(row.source, 'm'));
});

test('sessions show prints its commands as a tree with pid, exit code, duration', async () => {
  const { stdout } = await client('sessions', 'show', 's-17');
  const rows = stdout.slice(stdout.indexOf('TIME')).trimEnd().split('\n');
  const cells = rows.slice(1).map((row) => row.replace(/^\S+ +/, ''));
  expect(cells).toEqual([
    '900     -       -  exec     bash',
    '900     0  2.5 ms  line       $ cat /etc/passwd | sh',
    '901     0  2.5 ms  exec         cat /etc/passwd',
    '902     2  2.5 ms  exec         sh  [/usr/bin/dash]',
    '903     0  2.5 ms  exec           id',
    '900     0  2.5 ms  builtin      cd /tmp',
  ]);
});

describe('names', () => {
  test.each(['7', 'execaudit/on_exec'])('%s is one program', async (name) => {
    expect((await client('prog', 'unload', name)).stdout).toContain('unloaded on_exec (id 7)');
    expect(daemon.asked.at(-1)).toMatchObject({ operation: 'unloadProgram', params: { id: '7' } });
  });

  test('several of a name are listed', async () => {
    const { code, stderr } = await client('prog', 'unload', 'on_exec');
    expect(stderr).toBe(
      'probectl: several programs are called on_exec: execaudit/on_exec (id 7), other/on_exec (id 8); give the id, or OBJECT/NAME\n',
    );
    expect(code).toBe(1);
    expect(daemon.asked.map(({ operation }) => operation)).toEqual(['listPrograms']);
  });

  test('none of a name: the nearest are told', async () => {
    const { code, stderr } = await client('map', 'dump', 'count');
    expect(stderr).toBe('probectl: no map count (ENOENT); did you mean counts?\n');
    expect(code).toBe(1);
  });
});

test('bpffs tree is drawn as tree(1) does, with what is on some nodes only', async () => {
  const { stdout } = await client('bpffs', 'tree', 'audit');
  expect(daemon.asked.at(-1)).toMatchObject({ query: { path: '/sys/fs/bpf/audit', recursive: true } });
  // The answer is that of the whole of bpffs.
  const { stdout: whole } = await client('bpffs', 'tree');
  expect(whole.trimEnd().split('\n')).toEqual([
    '/sys/fs/bpf',
    '├── audit/',
    '│   ├── exec  link 9 (execaudit/on_exec)',
    '│   └── progs/',
    '│       └── on_exec  prog 7 (execaudit/on_exec)',
    '└── counts  map 4 (execaudit/counts)  (node-1)',
  ]);
  expect(stdout.split('\n')[0]).toBe('/sys/fs/bpf/audit');
});

test.each<[string, string, object, string]>([
  [
    'pin link 9 audit/exec',
    'pin',
    { body: { path: '/sys/fs/bpf/audit/exec', kind: 'link', id: 9 } },
    'pinned link 9 (execaudit/on_exec) at /sys/fs/bpf/audit/exec on node-1, node-2',
  ],
  [
    'map pin counts /sys/fs/bpf/c --node node-1',
    'pin',
    { body: { path: '/sys/fs/bpf/c', kind: 'map', id: 4, node: 'node-1' } },
    'pinned',
  ],
  ['prog pin execaudit/on_exec p', 'pin', { body: { path: '/sys/fs/bpf/p', kind: 'prog', id: 7 } }, 'pinned'],
  ['link pin on_exec l', 'pin', { body: { path: '/sys/fs/bpf/l', kind: 'link', id: 9 } }, 'pinned'],
  ['unpin counts', 'unpin', { query: { path: '/sys/fs/bpf/counts' } }, 'unpinned /sys/fs/bpf/counts'],
  ['bpffs rm /sys/fs/bpf/a', 'unpin', { query: { path: '/sys/fs/bpf/a' } }, 'unpinned /sys/fs/bpf/a'],
  [
    'bpffs mkdir audit',
    'makeBpffsDirectory',
    { body: { path: '/sys/fs/bpf/audit' } },
    'made /sys/fs/bpf/audit on node-1, node-2',
  ],
  [
    'bpffs rmdir audit',
    'removeBpffsDirectory',
    { query: { path: '/sys/fs/bpf/audit' } },
    'removed /sys/fs/bpf/audit',
  ],
  [
    'link update 9 other/on_exec',
    'updateLink',
    { params: { id: '9' }, body: { program_id: 8 } },
    'runs on_exec (id 8) in place of on_exec (id 7)',
  ],
  ['link detach on_exec', 'detach', { params: { id: '9' } }, 'detached link 9'],
  [
    'link attach 7 --pid 9 --symbol vfs_read --symbol vfs_write --cookies 1,2',
    'attach',
    { body: { program_id: 7, symbols: ['vfs_read', 'vfs_write'], cookies: [1, 2] } },
    'attached',
  ],
])('%s', async (args, operation, asked, said) => {
  const { code, stdout, stderr } = await client(...args.split(' '));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(said);
  expect(daemon.asked.at(-1)).toMatchObject({ operation, ...asked });
});

test('link why says what nodes have in common once', async () => {
  const { stdout } = await client('link', 'why', '9');
  expect(stdout.trimEnd().split('\n')).toEqual([
    'link 9: execaudit/on_exec at tracepoint:sched:sched_process_exec',
    '',
    'node-1, node-2:',
    '  nothing came to it',
    '    · 0 events',
    '    → run something',
  ]);
});

test('iter read prints the text of each node', async () => {
  const { stdout } = await client('iter', 'read', '9');
  expect(stdout).toBe('==> node-1 <==\npid comm\n1 init\n\n==> node-2 <==\npid comm\n\n');
});

test('a refusal names the command to give, not the request', async () => {
  const hint = 'unpin it first: DELETE /api/v1/bpffs/pins?path=/sys/fs/bpf/x';
  daemon.answers.detach = () =>
    new Refuse(422, { code: 'link-pinned', message: 'link 9 is pinned', errno: 16, hint });
  const { code, stderr } = await client('link', 'detach', '9');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'probectl: link 9 is pinned (EBUSY); unpin it first: `probectl unpin /sys/fs/bpf/x`\n',
  });
});

describe('prog load', () => {
  test('sends the object with its options', async () => {
    const { stdout, code } = await client(
      ...[
        'prog',
        'load',
        example('execaudit'),
        '--set',
        'target_uid=1000',
        '--set',
        'triple=[1,2,18446744073709551615]',
      ],
      ...[
        '--map',
        'events:max=4096',
        '--event',
        'event',
        '--event',
        'raw=owner',
        '--attach',
        'on_exec=sched/x',
      ],
      ...['--node', 'node-1', '--name', 'mine'],
      ...['--only', 'on_exec', '--type', 'on_exec=kprobe/vfs_read', '--type', 'xdp'],
      ...['--pin-maps', 'mine', '--no-pin-by-name'],
    );
    expect(stdout).toMatch(/^loaded execaudit \(object id 2\)\nID +PROGRAM/);
    expect(code).toBe(0);
    const { object, ...options } = daemon.asked[0].body as Record<string, unknown>;
    expect(
      Buffer.from(object as string, 'base64')
        .subarray(0, 4)
        .toString('latin1'),
    ).toBe('\x7fELF');
    expect(options).toEqual({
      name: 'mine',
      attach: true,
      node: 'node-1',
      set: { target_uid: '1000', triple: [1, 2, '18446744073709551615'] },
      max_entries: { events: 4096 },
      event: { '*': 'event', raw: 'owner' },
      targets: { on_exec: { target: 'sched/x' } },
      only: ['on_exec'],
      types: { on_exec: 'kprobe/vfs_read', '*': 'xdp' },
      pin_maps: '/sys/fs/bpf/mine',
      pin_by_name: false,
    });
  });

  test('--no-attach, and a name from the file', async () => {
    await client('prog', 'load', example('syscount'), '--no-attach');
    expect(daemon.asked[0].body).toMatchObject({ name: 'syscount', attach: false });
  });

  test('a refusal of the verifier comes with the end of its log, with -v all of it', async () => {
    const log = Array.from({ length: 30 }, (_, i) => `${i}: (b7) r0 = ${i}`);
    daemon.answers.uploadProgram = () =>
      new Refuse(422, {
        code: 'verifier-reject',
        message: 'R0 invalid mem access',
        where: 'mine: program on_exec',
        errno: 13,
        log,
      });
    const { code, stderr, stdout } = await client('prog', 'load', rejectedExample('missing_null_check'));
    const [line, ...evidence] = stderr.trimEnd().split('\n');
    expect(line).toBe('probectl: mine: program on_exec: R0 invalid mem access (EACCES)');
    expect(evidence[0]).toBe('    … 18 lines before these; -v shows all');
    expect(evidence.at(-1)).toBe('    29: (b7) r0 = 29');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const whole = await client('prog', 'load', rejectedExample('missing_null_check'), '-v');
    expect(whole.stderr.trimEnd().split('\n')).toHaveLength(31);
  });

  test('what is no object never leaves', async () => {
    const { code, stderr } = await client('prog', 'load', join(folder, 'missing.bpf.o'));
    expect(stderr).toMatch(/missing\.bpf\.o: no such file/);
    expect(code).toBe(1);
    expect(daemon.asked).toEqual([]);
  });
});

test('prog dump takes files where they are, else programs of the daemon', async () => {
  const loaded = await client('prog', 'dump', '7');
  expect(loaded.stdout).toBe(
    'on_exec (tracepoint/sched/sched_process_exec): 120 instructions\n   0: (b7) r0 = 0\n   1: (95) exit\n\n',
  );
  const out = join(folder, 'out.wasm');
  const jited = await client('prog', 'dump', 'execaudit/on_exec', '--format', 'jited', '--out', out);
  expect(jited.stdout).toBe(`on_exec: 8 bytes of WebAssembly written to ${out}\n`);
  daemon.asked.length = 0;
  expect((await client('prog', 'dump', example('syscount'))).stdout).toMatch(/^count_syscall/);
  expect((await client('prog', 'dump', 'nothing.o')).stderr).toMatch(/nothing\.o: no such file/);
  expect(daemon.asked).toEqual([]);
  expect((await client('prog', 'dump', '7', '--linum')).stderr).toBe('probectl: --linum goes with a FILE\n');
});

test('prog log is the log as it is', async () => {
  expect((await client('prog', 'log', '7')).stdout).toBe('processed 2 insns\n');
});

describe('maps', () => {
  test('dump lays entries out by their values', async () => {
    const { stdout } = await client('map', 'dump', 'counts', '--node', 'node-1', '--limit', '5');
    expect(stdout).toBe(
      'node-1: map execaudit/counts (hash): 2 entries\nKEY  HITS  WHO\n  1     3  cat\n  2     5  ls\n',
    );
    expect(daemon.asked.at(-1)!.query).toEqual({ node: 'node-1', limit: 5 });
  });

  test.each([
    ['7', '7'],
    ['-7', '-7'],
    ['web', '"web"'],
    ['"7"', '"7"'],
    ['18446744073709551615', '"18446744073709551615"'],
    ['{"pid": 1}', '{"pid":1}'],
    ['hex:0A 0b', '{"hex":"0a0b"}'],
  ])('lookup of %s asks for %s', async (typed, key) => {
    const { stdout, code } = await client('map', 'lookup', 'counts', '--', typed);
    expect(stdout).toMatch(/KEY +VALUE\n +1 +3\n$/);
    expect(code).toBe(0);
    expect(daemon.asked.at(-1)).toMatchObject({ operation: 'lookupMap', query: { key } });
  });

  test('update and delete', async () => {
    await client('map', 'update', 'counts', '1', '{"hits": 4}', '--flags', 'exist', '--node', 'node-2');
    expect(daemon.asked.at(-1)!.body).toEqual({ key: 1, value: { hits: 4 }, flags: 'exist', node: 'node-2' });
    expect((await client('map', 'delete', 'counts', 'hex:01')).stdout).toContain('deleted {"hex":"01"} from');
    expect(daemon.asked.at(-1)).toMatchObject({
      operation: 'deleteMapEntry',
      query: { key: '{"hex":"01"}' },
    });
  });

  test.each([
    ['hex:0', /pairs of hex digits/],
    ['{"pid": ', /is no JSON: a JSON value is wanted/],
  ])('%s is wrong usage', async (key, says) => {
    const { code, stderr } = await client('map', 'lookup', 'counts', key);
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});

test('links attach and detach', async () => {
  await client('link', 'attach', 'execaudit/on_exec', 'sched/sched_process_fork', '--node', 'node-1');
  expect(daemon.asked.at(-1)!.body).toEqual({
    program_id: 7,
    target: 'sched/sched_process_fork',
    node: 'node-1',
  });
  expect((await client('link', 'detach', '9', '--json')).stdout).toBe('{"detached":{"link_id":9}}\n');
  expect((await client('link', 'detach', 'on_nothing')).code).toBe(1);
});

test('workload and kernel', async () => {
  await client('workload', 'start', 'demo-cluster', '--seed', '7', '--rate', '0.5');
  expect(daemon.asked.at(-1)!.body).toEqual({ scenario: 'demo-cluster', seed: 7, rate: 0.5 });
  expect((await client('workload', 'stop')).stdout).toMatch(/^state +stopped$/m);
  await client('workload', 'speed', '0');
  expect(daemon.asked.at(-1)).toMatchObject({ operation: 'changeWorkload', body: { speed: 0 } });
  await client('kernel', 'restart', '--mode', 'crash');
  expect(daemon.asked.at(-1)).toMatchObject({ operation: 'restartKernel', body: { mode: 'crash' } });
});

describe('history', () => {
  const stored = Array.from({ length: 2500 }, (_, i) => recordOf(i + 1));

  /** Pages as the daemon cuts them; records go on coming while they are read. */
  function serveStored() {
    daemon.answers.listRecords = ({ query }) => {
      const { order, limit, cursor = '0' } = query as { order: string; limit: number; cursor?: string };
      const sorted = order === 'asc' ? [...stored, recordOf(2501)] : [...stored].reverse();
      const at = Number(cursor);
      const next = at + limit < sorted.length ? { next: String(at + limit) } : {};
      return { records: sorted.slice(at, at + limit), ...next };
    };
  }
  const sequences = (stdout: string) => parseDocuments(stdout).map(({ sequence }) => sequence);

  test('all records, page by page, up to the newest when it began', async () => {
    serveStored();
    const { stdout, code } = await client('history', '--json');
    expect(sequences(stdout)).toEqual(stored.map(({ sequence }) => sequence));
    expect(code).toBe(0);
  });

  test('--limit gives the newest in order, --reverse the other way', async () => {
    serveStored();
    expect(sequences((await client('history', '--limit', '3', '--json')).stdout)).toEqual([2498, 2499, 2500]);
    const reverse = await client('history', '--limit', '1200', '--reverse', '--json');
    expect(sequences(reverse.stdout)).toEqual(Array.from({ length: 1200 }, (_, i) => 2500 - i));
  });

  test('conditions go to the daemon', async () => {
    serveStored();
    const conditions = [
      '--program',
      'p',
      '--pod',
      'shop/web-0',
      '--node',
      'n',
      '--session',
      's',
      '--text',
      'x y',
    ];
    await client(
      'history',
      ...conditions,
      '--until',
      '2026-01-01T02:00:00.5+02:00',
      '--since',
      '1h',
      '--limit',
      '1',
    );
    const { since, ...query } = daemon.asked.at(-1)!.query;
    expect(query).toEqual({
      ...{ program: 'p', pod: 'shop/web-0', node: 'n', session: 's', text: 'x y' },
      ...{ until: '2026-01-01T00:00:00.5Z', order: 'desc', limit: 1 },
    });
    expect(Date.now() - Date.parse(since as string)).toBeGreaterThanOrEqual(3600e3);
  });

  test('for people, in columns with where each comes from', async () => {
    serveStored();
    const { stdout } = await client('history', '--limit', '1');
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'TIME            NODE    POD                  PROGRAM               PID COMM             FILENAME',
      '00:00:00.500000 node-1  web-0                on_exec              3400 cat              /usr/bin/cat',
    ]);
  });

  test('a time that is none is wrong usage', async () => {
    const { code, stderr } = await client('history', '--since', 'yesterday');
    expect(stderr).toMatch(/a time is wanted.*; see: probectl history --help/);
    expect(code).toBe(2);
  });
});

describe('who is asked', () => {
  test('without a daemon: one line that says how to start one', async () => {
    const { code, stderr } = await new RunningProbectl(['status'], { env: { PROBED_STATE_DIR: folder } })
      .done;
    expect(stderr).toBe(`probectl: no daemon is running (no ${folder}/daemon.json); start one: npm start\n`);
    expect(code).toBe(1);
  });

  test('the state directory tells address and token', async () => {
    const state = mkdtempSync(join(folder, 'state-'));
    writeFileSync(join(state, 'daemon.json'), JSON.stringify({ url: daemon.url, pid: 1 }));
    writeFileSync(join(state, 'admin.token'), `${FakeDaemon.TOKEN}\n`);
    expect((await new RunningProbectl(['pods', '--state-dir', state]).done).code).toBe(0);
    const xdg = mkdtempSync(join(folder, 'xdg-'));
    const { stderr } = await new RunningProbectl(['pods'], { env: { XDG_STATE_HOME: xdg } }).done;
    expect(stderr).toContain(`no ${xdg}/probed/daemon.json`);
  });

  test('the token of the state directory goes to no other server', async () => {
    const state = mkdtempSync(join(folder, 'state-'));
    writeFileSync(join(state, 'daemon.json'), JSON.stringify({ url: 'http://127.0.0.1:1' }));
    writeFileSync(join(state, 'admin.token'), FakeDaemon.TOKEN);
    const { stderr } = await new RunningProbectl(['pods', '--state-dir', state, '--url', daemon.url]).done;
    expect(stderr).toMatch(/not the admin token/);
  });

  test('a daemon that is gone', async () => {
    const state = mkdtempSync(join(folder, 'state-'));
    const gone = new FakeDaemon();
    await gone.start();
    const { url } = gone;
    await gone.stop();
    writeFileSync(join(state, 'daemon.json'), JSON.stringify({ url }));
    for (const words of [['status'], ['trace'], ['exec', 'web-0', '--', 'ls']]) {
      const { code, stderr } = await new RunningProbectl(words, { env: { PROBED_STATE_DIR: state } }).done;
      expect(stderr).toMatch(/^probectl: no daemon is running \(.*ECONNREFUSED.*\); start one: npm start\n$/);
      expect(code).toBe(1);
    }
  });

  test.each([[['pods']], [['trace']], [['exec', 'web-0', '--', 'ls']]])(
    'a wrong token: %j',
    async (words) => {
      const wrong = { PROBED_URL: daemon.url, PROBED_TOKEN: 'wrong' };
      const { code, stderr } = await new RunningProbectl(words, { env: wrong }).done;
      expect(stderr).toMatch(/^probectl: not the admin token; give --token.*\n$/);
      expect(code).toBe(1);
    },
  );

  test('hints that name the API name the command instead', async () => {
    const hint = 'GET /api/v1/exec-sessions lists them';
    daemon.answers.getExecSession = () =>
      new Refuse(404, { code: 'none', message: 'no exec session x', hint });
    const { stderr } = await client('sessions', 'show', 'x');
    expect(stderr).toBe('probectl: no exec session x; `probectl sessions` lists them\n');
  });

  test('a busy kernel: what the server says, and what to do', async () => {
    daemon.answers.listPods = () => new Refuse(503, { code: 'kernel-busy', message: 'the kernel is busy' });
    const { code, stderr } = await client('pods');
    expect(stderr).toBe('probectl: the kernel is busy; try again; see: probectl status\n');
    expect(code).toBe(1);
  });

  test.each(['nonsense', 'ftp://x'])('--url %s is wrong usage', async (url) => {
    const { code, stderr } = await client('pods', '--url', url);
    expect(stderr).toContain(`--url: ${url} is no URL of a daemon`);
    expect(code).toBe(2);
  });
});
