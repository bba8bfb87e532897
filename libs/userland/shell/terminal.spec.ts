import { loadReferenceKernel } from '@probed/assets';
import { Container, type ContainerOptions } from './testing/container';

const reference = loadReferenceKernel();
const boot = (options?: ContainerOptions) => new Container(reference, options);

const PROMPT = 'root@web-1:/# ';

async function started(more: Parameters<Container['terminal']>[0] = {}) {
  const container = boot();
  const terminal = container.terminal(more);
  await container.run(50);
  return { container, terminal };
}

test('a person sees the prompt, what he types, what commands print; exit ends with its status', async () => {
  const { terminal } = await started();
  expect(terminal.screen).toBe(PROMPT);
  expect(await terminal.line('cat /etc/hostname')).toBe(`cat /etc/hostname\r\nweb-1\r\n${PROMPT}`);
  expect(await terminal.line('cd /tmp; x=7')).toBe('cd /tmp; x=7\r\nroot@web-1:/tmp# ');
  expect(await terminal.line('echo $x $PWD')).toBe('echo $x $PWD\r\n7 /tmp\r\nroot@web-1:/tmp# ');
  expect(await terminal.line('nosuch')).toContain('bash: nosuch: command not found\r\n');
  expect(await terminal.line('exit 3')).toBe('exit 3\r\nexit\r\n');
  expect(terminal.code).toBe(3);
});

test('what another user sees', async () => {
  const { terminal } = await started({ uid: 1000, gid: 1000, cwd: '/home/app', env: ['HOME=/home/app'] });
  expect(terminal.screen).toBe('app@web-1:~$ ');
  expect(await terminal.line('cat /etc/shadow; id')).toBe(
    'cat /etc/shadow; id\r\ncat: /etc/shadow: Permission denied\r\nuid=1000(app) gid=1000(app) groups=1000(app)\r\napp@web-1:~$ ',
  );
});

test('a command over several lines has a prompt of its own; functions and history stay', async () => {
  const { terminal } = await started();
  expect(await terminal.line('for i in 1 2; do')).toBe('for i in 1 2; do\r\n> ');
  await terminal.line('f() { echo "<$1>"; }; f $i');
  expect(await terminal.line('done')).toBe(`done\r\n<1>\r\n<2>\r\n${PROMPT}`);
  expect(await terminal.line('f again')).toBe(`f again\r\n<again>\r\n${PROMPT}`);
  expect(await terminal.line('history | tail -2')).toContain('f again');
});

test('backspace takes back, ^D at an empty line leaves', async () => {
  const { container, terminal } = await started();
  terminal.type('echo ab\x7fc\r');
  await container.run(30);
  expect(terminal.screen).toContain('echo ab\b \bc\r\nac\r\n');
  terminal.type('\x04');
  await container.run(30);
  expect(terminal.code).toBe(0);
});

test.each(['sleep 1000', 'while true; do :; done', 'cat', 'sleep 1000 | cat', '(sleep 1000)'])(
  '^C ends %s, and the shell goes on',
  async (command) => {
    const { container, terminal } = await started();
    terminal.type(`${command}\r`);
    await container.run(60);
    expect(terminal.screen).toBe(`${PROMPT}${command}\r\n`);
    terminal.type('\x03');
    await container.run(60);
    expect(terminal.screen).toBe(`${PROMPT}${command}\r\n^C\r\n${PROMPT}`);
    expect(await terminal.line('echo $?')).toBe(`echo $?\r\n130\r\n${PROMPT}`);
  },
);

test('^C at the prompt drops the line', async () => {
  const { container, terminal } = await started();
  terminal.type('rm -rf /');
  await container.run(10);
  terminal.type('\x03');
  await container.run(30);
  expect(terminal.screen).toBe(`${PROMPT}rm -rf /^C\r\n${PROMPT}`);
});

test('output appears as it is made, not at the end', async () => {
  const { container, terminal } = await started();
  terminal.type('for i in 1 2 3; do echo $i; sleep 1; done\r');
  await container.run(1_500);
  expect(terminal.screen).toMatch(/1\r\n2\r\n$/);
});

test('when the terminal hangs up, the session ends', async () => {
  const { container, terminal } = await started();
  terminal.type('sleep 1000\r');
  await container.run(50);
  terminal.tty.hangUp();
  await container.run(50);
  expect(terminal.code).toBeDefined();
  expect([...container.kernel.tasks.all()].filter(({ comm }) => comm === 'sleep')).toEqual([]);
});

test('a resize is seen', async () => {
  const { terminal } = await started();
  terminal.tty.resize(50, 40);
  const listed = await terminal.line('ls /');
  expect(listed.split('\r\n').length).toBeGreaterThan(4);
});

test('background jobs are told of', async () => {
  const { container, terminal } = await started();
  expect(await terminal.line('sleep 0.3 &')).toMatch(/^sleep 0.3 &\r\n\[1\] \d+\r\n/);
  expect(await terminal.line('jobs')).toContain('[1]+  Running                 sleep 0.3 &');
  await container.run(400);
  expect(await terminal.line('true')).toContain('Done');
});

test('two sessions at once do not mix', async () => {
  const container = boot();
  const one = container.terminal();
  const two = container.terminal();
  await container.run(60);
  one.type('for i in 1 2 3; do echo one$i; sleep 0.01; done\r');
  two.type('for i in 1 2 3; do echo two$i; sleep 0.01; done\r');
  await container.run(300);
  expect(one.screen).toContain('one1\r\none2\r\none3\r\n');
  expect(two.screen).toContain('two1\r\ntwo2\r\ntwo3\r\n');
  expect(one.screen).not.toContain('two1\r');
});

test.each<[string, string, string]>([
  ['the line before comes back with the up arrow', 'echo one\r\x1b[A\r', 'one\r\none\r\n'],
  ['the cursor moves, text goes in', 'ech one\x1b[D\x1b[D\x1b[D\x1b[Do\r', 'one\r\n'],
  ['to the start and the end', 'cho a\x01e\x05b\r', 'ab\r\n'],
  ['words and lines are taken back', 'rm -rf / \x17\x17\x17echo x y\x17z\r', 'x z\r\n'],
  ['to the end of the line', 'echo abc\x1b[D\x1b[D\x0b\r', 'a\r\n'],
  ['a file name is completed', 'cat /etc/hostn\t\r', 'web-1\r\n'],
  ['a command is completed', 'whoa\t\r', 'root\r\n'],
  ['the beginning that all have is completed', 'ls /etc/ngi\tngin\t\r', '/etc/nginx/nginx.conf\r\n'],
])('%s', async (_name, keys, result) => {
  const { container, terminal } = await started();
  for (const line of keys.split(/(?<=\r)/)) {
    terminal.type(line);
    await container.run(60);
  }
  const printed = terminal.screen.split(/root@web-1:\/# [^\n]*\n/).slice(1);
  expect(printed.map((text) => text.replace(/root@web-1.*$/s, '')).join('')).toBe(result);
});

test('TAB twice shows what there is', async () => {
  const { container, terminal } = await started();
  terminal.type('ls /etc/ho\t\t\t');
  await container.run(30);
  expect(terminal.screen).toContain('host.conf  hostname  hosts\r\n');
});

test('what is typed ahead goes to who reads next: the program, then the shell', async () => {
  const { container, terminal } = await started();
  terminal.type('head -1\rfor the program\recho for the shell\r');
  await container.run(100);
  expect(terminal.screen).toMatch(/\nfor the program\r\n[\s\S]*\nfor the shell\r\n/);
});
