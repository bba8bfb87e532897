// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell scripts
import { loadReferenceKernel } from '@probed/assets';
import { Container, type ContainerOptions } from './testing/container';
import { type TraceEvent, trace } from './testing/trace';

const reference = loadReferenceKernel();
const boot = (options?: ContainerOptions) => new Container(reference, options);

const execs = (events: readonly TraceEvent[]) =>
  events.filter(({ what }) => what === 'exec').map(({ text }) => text);
const MS_NS = 1e6;

test('each command of a line is a process of its own: fork, execve with all arguments, its files, its output, its exit', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const { pid, stdout } = await container.sh('ls -l /root "a b"; cat /run/secrets/db-password; echo $?');
  expect(stdout).toMatch(/\.bashrc|total 0/);
  const shellForks = events.filter((event) => event.what === 'fork' && event.pid === pid);
  const [ls, cat] = events.filter(({ what, ppid }) => what === 'exec' && ppid === pid);
  expect([ls.text, cat.text]).toEqual(['ls -l /root a b', 'cat /run/secrets/db-password']);
  expect(shellForks.map(({ text }) => Number(text))).toEqual([ls.pid, cat.pid]);
  const ofCat = events.filter((event) => event.pid === cat.pid);
  expect(
    ofCat.find(({ what, text }) => what === 'open' && text === '/run/secrets/db-password'),
  ).toBeDefined();
  expect(ofCat.filter(({ what }) => what === 'write')).toMatchObject([
    { fd: 1, text: 's3cr3t-db-passw0rd\n', comm: 'cat' },
  ]);
  expect(ofCat.at(-1)).toMatchObject({ what: 'exit', text: '0' });
  const lsEnd = events.find((event) => event.pid === ls.pid && event.what === 'exit')!;
  expect(lsEnd.text).toBe('2');
  expect(lsEnd.ns).toBeLessThan(cat.ns);
  // echo is the shell's own.
  expect(events.filter((event) => event.pid === pid && event.what === 'write')).toMatchObject([
    { fd: 1, text: '0\n' },
  ]);
});

test('tools of just-bash make their system calls in the task that they run as', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const { pid } = await container.sh(
    'cd /etc; grep root passwd > /tmp/found; sed -i s/root/ROOT/ /tmp/found',
  );
  const [grep, sed] = events.filter(({ what, ppid }) => what === 'exec' && ppid === pid);
  const opens = (event: TraceEvent) =>
    events
      .filter(({ what, pid: by, ns }) => what === 'open' && by === event.pid && ns >= event.ns)
      .map(({ text }) => text);
  // As typed, not as resolved; the redirection was opened before the execve, by the child.
  expect(opens(grep)).toContain('passwd');
  const redirect = events.find(({ what, text }) => what === 'open' && text === '/tmp/found')!;
  expect(redirect.pid).toBe(grep.pid);
  expect(redirect.ns).toBeLessThan(grep.ns);
  expect(opens(sed).filter((path) => path === '/tmp/found')).toHaveLength(2);
  expect((await container.sh('cat /tmp/found')).stdout).toBe('ROOT:x:0:0:root:/root:/bin/bash\n');
});

test('stages of a pipeline run at the same time, with pipes between them', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const { stdout, pid } = await container.sh('cat /etc/passwd | grep www | wc -l');
  expect(stdout).toBe('1\n');
  const stages = events.filter(({ what, ppid }) => what === 'exec' && ppid === pid);
  expect(stages.map(({ text }) => text.split(' ')[0]).sort()).toEqual(['cat', 'grep', 'wc']);
  const exits = events.filter(({ what, ppid }) => what === 'exit' && ppid === pid);
  expect(Math.max(...stages.map(({ ns }) => ns))).toBeLessThan(Math.max(...exits.map(({ ns }) => ns)));
  const row = 'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n';
  const grep = stages.find(({ text }) => text.startsWith('grep'))!;
  expect(events.filter((event) => event.pid === grep.pid && event.what === 'write')).toMatchObject([
    { fd: 1, text: row },
  ]);
});

test('an endless producer ends when its reader has had enough', async () => {
  const container = boot();
  expect((await container.sh('yes | head -2; echo ${PIPESTATUS[0]}')).stdout).toBe('y\ny\n141\n');
});

test('a script is a bash of its own whose commands are its children', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const { pid } = await container.sh('/srv/backup.sh');
  const script = events.find(({ what, text }) => what === 'exec' && text === '/bin/bash /srv/backup.sh')!;
  expect(script.ppid).toBe(pid);
  const children = events.filter(({ what, ppid }) => what === 'exec' && ppid === script.pid);
  expect(children.map(({ comm }) => comm)).toEqual(['mkdir', 'cp', 'tar', 'gzip', 'rm']);
});

test('curl asks DNS, connects, sends and receives from its own task', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const { stdout } = await container.sh('curl -s -H "X-A: b" http://example.com/path?q=1');
  expect(stdout).toBe('<html>hello</html>\nGET /path?q=1\n');
  const curl = events.find(({ what, text }) => what === 'exec' && text.startsWith('curl'))!;
  expect(
    events.filter((event) => event.what === 'connect' && event.pid === curl.pid).map(({ text }) => text),
  ).toEqual(['10.96.0.10:53', '93.184.215.14:80']);
});

test('a reverse shell by /dev/tcp connects', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const { stdout } = await container.sh(
    'exec 5<>/dev/tcp/93.184.215.14/80; printf "GET / HTTP/1.1\\r\\n\\r\\n" >&5; head -1 <&5',
  );
  expect(stdout).toBe('HTTP/1.1 200 OK\r\n');
  expect(events.filter(({ what }) => what === 'connect').map(({ text }) => text)).toContain(
    '93.184.215.14:80',
  );
});

test.each<[string, number, string, string]>([
  ['root', 0, 'E: Unable to locate package nmap', ''],
  ['somebody else', 1000, 'are you root?', 'Permission denied'],
])('a package install as %s fails as it would', async (_who, uid, says, also) => {
  const container = boot();
  const events = trace(container.kernel);
  const { stderr, code } = await container.exec(['bash', '-c', 'apt-get install -y nmap'], { uid, gid: uid });
  expect(code).toBe(100);
  expect(stderr).toContain(says);
  expect(stderr).toContain(also);
  expect(events.some(({ what, text }) => what === 'open' && text === '/var/lib/dpkg/lock-frontend')).toBe(
    true,
  );
});

test('a tool without a shell: kubectl exec -- ls', async () => {
  const container = boot();
  expect(await container.exec(['ls', '/var/www/html'])).toMatchObject({
    stdout: 'app.js\nindex.html\nlogo.png\n',
    code: 0,
  });
  expect(await container.exec(['hostname', '-s'], { path: 'hostname' })).toMatchObject({
    stdout: 'web-1\n',
    code: 0,
  });
  expect(await container.exec(['nosuch'], { path: 'nosuch' })).toMatchObject({ stdout: '', code: 127 });
  expect(await container.exec(['cat'], { input: 'in\nout\n' })).toMatchObject({
    stdout: 'in\nout\n',
    code: 0,
  });
  expect(await container.exec(['grep', 'b', '-'], { input: 'abc\nxyz\n' })).toMatchObject({
    stdout: 'abc\n',
    code: 0,
  });
});

test('the audit hooks tell lines and builtins', async () => {
  const lines: unknown[] = [];
  const builtins: unknown[] = [];
  const container = boot({
    hooks: {
      onLine: ({ execSession, line }) => lines.push([execSession, line]),
      onBuiltin: ({ argv, exit_code }) => builtins.push([...argv, exit_code]),
    },
  });
  await container.exec(['bash'], {
    input: 'cd /nope\nfor i in 1; do\necho $i\ndone\nexit 2\n',
    execSession: 's-9',
  });
  expect(lines).toEqual([
    ['s-9', 'cd /nope'],
    ['s-9', 'for i in 1; do\necho $i\ndone'],
    ['s-9', 'exit 2'],
  ]);
  expect(builtins).toEqual([
    ['cd', '/nope', 1],
    ['echo', '1', 0],
    ['exit', '2', 0],
  ]);
});

test('the same seed gives the same session: pids, times, system calls', async () => {
  const run = async () => {
    const container = boot({ seed: 11 });
    const events = trace(container.kernel);
    await container.sh(
      'ls /etc | sort -r | head -3; echo $RANDOM $$; find /srv -name "*.sh"; date +%N; mktemp',
    );
    return events;
  };
  const first = await run();
  expect(await run()).toEqual(first);
  expect(first.length).toBeGreaterThan(60);
});

test('five sessions at once: every process belongs to the one that started it', async () => {
  const container = boot();
  const events = trace(container.kernel);
  const COMMANDS = 20;
  const sessions = ['a', 'b', 'c', 'd', 'e'];
  const script = (name: string) =>
    Array.from(
      { length: COMMANDS },
      (_, i) => [`cat /etc/hostname`, `ls /srv/${name}${i}`, `grep -c ${name}${i} /etc/passwd`][i % 3],
    ).join('\n');
  const done = await Promise.all(
    sessions.map((name) => {
      let ended = false;
      const stdio = container.launch({
        argv: ['bash', '-c', script(name)],
        execSession: name,
        onExit: () => {
          ended = true;
        },
      });
      return { pid: stdio.pid, ended: () => ended };
    }),
  );
  for (let i = 0; i < 400 && !done.every(({ ended }) => ended()); i++) await container.run(20);
  expect(done.every(({ ended }) => ended())).toBe(true);
  for (const [i, name] of sessions.entries()) {
    const own = events.filter(({ what, session }) => what === 'exec' && session === name);
    expect(own).toHaveLength(COMMANDS + 1);
    expect(own.slice(1).every(({ ppid }) => ppid === done[i].pid)).toBe(true);
    expect(own.slice(1).every(({ text }) => text.includes('hostname') || text.includes(name))).toBe(true);
  }
  expect(
    events.filter(({ what, session }) => what === 'exec' && session === undefined).map(({ text }) => text),
  ).toEqual(['/sbin/init', 'nginx']);
});

test('a line that runs away takes virtual time only, and the host can end it', async () => {
  const container = boot();
  const task = container.launch({ argv: ['bash', '-c', 'while true; do :; done'], execSession: 'x' });
  const startNs = container.kernel.nowNs();
  await container.run(100);
  expect(container.kernel.nowNs() - startNs).toBeGreaterThanOrEqual(100 * MS_NS);
  expect(container.kernel.drivers.abort(task.pid)).toBe(true);
  await container.run(10);
  expect(container.kernel.taskByPid(task.pid)).toBeUndefined();
});

test('a tool that computes without end is stopped by its limits', async () => {
  const container = boot();
  const { code, stderr } = await container.sh("awk 'BEGIN { while (1) i++ }'");
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/limit|iterations/i);
});

test('what a session leaves behind does not grow', async () => {
  const container = boot();
  const some = 'for i in 1 2 3 4 5; do ls /etc | wc -l; cat /etc/hosts; done >/dev/null; echo done';
  for (let i = 0; i < 4; i++) await container.sh(some);
  const bytes = container.kernel.memory.usedBytes;
  const tasks = container.kernel.taskCount();
  for (let i = 0; i < 8; i++) expect((await container.sh(some)).stdout).toBe('done\n');
  expect(container.kernel.taskCount()).toBe(tasks);
  expect(container.kernel.memory.usedBytes - bytes).toBeLessThan(64 * 1024);
  expect(execs(trace(container.kernel))).toEqual([]);
});
