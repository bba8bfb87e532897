// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell scripts
import { loadReferenceKernel } from '@probed/assets';
import { USERLAND } from '@probed/system';
import { JUST_BASH_TOOLS, TOOLS } from './commands';
import { readsStdin } from './commands/stdin-rules';
import { Container } from './testing/container';

const reference = loadReferenceKernel();

type Case = readonly [script: string, stdout: string | RegExp, code?: number];

const FILES: readonly Case[] = [
  ['ls /var/www/html; ls -1a /root', 'app.js\nindex.html\nlogo.png\n.\n..\n.bashrc\n'],
  ['ls -l /srv/report.py', /^-rw-r--r-- 1 root root 2210 Dec 31 \d\d:\d\d \/srv\/report\.py\n$/],
  ['ls -ld /tmp; ls -l /bin', /^drwxrwxrwt .* \/tmp\nlrwxrwxrwx 1 root root 7 .* \/bin -> usr\/bin\n$/],
  ['ls -lh /srv/dataset.bin | cut -d" " -f5; ls -i /etc/hosts | wc -w', '12M\n2\n'],
  ['ls -R /var/www; ls -F /var', /^\/var\/www:\nhtml\n\n\/var\/www\/html:\napp\.js\n(?:.*\n)*run@\n/],
  ['ls /nope; echo $?', '2\n'],
  [
    'printf "a bc\\nd\\n" > /tmp/w; wc /tmp/w; wc < /tmp/w; wc -l /tmp/w; printf "né x" | wc -mcL; wc -c /srv/dataset.bin',
    '2 3 7 /tmp/w\n2 3 7\n2 /tmp/w\n      4       5       4\n12582912 /srv/dataset.bin\n',
  ],
  [
    'wc -l /etc/hostname /etc/hosts /nope; echo $?',
    /^ +1 \/etc\/hostname\n +\d \/etc\/hosts\n +\d total\n1\n$/,
  ],
  ['cat -n /etc/hostname; cat -A <<< "a\tb"', '     1\tweb-1\na^Ib$\n'],
  ['cat /etc /etc/hostname; echo $?', 'web-1\n1\n'],
  [
    'seq 20 | head -3; seq 20 | tail -2; seq 5 | tail -n +4; seq 5 | head -n -3',
    '1\n2\n3\n19\n20\n4\n5\n1\n2\n',
  ],
  ['head -c 5 /etc/passwd; echo; head -c 4 /dev/zero | od -An -tx1', 'root:\n 00 00 00 00\n'],
  [
    'touch /tmp/f; stat -c "%n %s %U %a %F" /tmp/f; chmod 600 /tmp/f; stat -c %A /tmp/f',
    '/tmp/f 0 root 644 regular empty file\n-rw-------\n',
  ],
  [
    'mkdir -p /tmp/a/b; cp /etc/hosts /tmp/a/b/; mv /tmp/a/b/hosts /tmp/a/h; find /tmp/a | sort; rm -r /tmp/a; ls /tmp/a',
    '/tmp/a\n/tmp/a/b\n/tmp/a/h\n',
    2,
  ],
  [
    'ln -s /etc/hosts /tmp/l; readlink /tmp/l; realpath /tmp/l /bin/ls; cat /tmp/l | head -1',
    '/etc/hosts\n/etc/hosts\n/usr/bin/ls\n127.0.0.1\tlocalhost\n',
  ],
  [
    'echo x > /tmp/c; chown app:app /tmp/c; stat -c %U:%G /tmp/c; f=$(mktemp); [ -f $f ] && echo made',
    'app:app\nmade\n',
  ],
  [
    'tar czf /tmp/x.tgz -C /etc hosts hostname; tar tzf /tmp/x.tgz; mkdir /tmp/t; tar xzf /tmp/x.tgz -C /tmp/t; cat /tmp/t/hostname',
    'hosts\nhostname\nweb-1\n',
  ],
  ['gzip -c /etc/hostname | gunzip; echo aGk= | base64 -d; du -s /var/www | wc -l', 'web-1\nhi1\n'],
  [
    'find /etc -name "host*" -type f | sort; find /srv -name "*.sh" -exec wc -l {} \\;',
    '/etc/host.conf\n/etc/hostname\n/etc/hosts\n6 /srv/backup.sh\n',
  ],
];

const BLOCKS: readonly Case[] = [
  [
    'cd /tmp; printf abcdefgh > i; dd if=i of=o bs=2 count=2 skip=1 status=none; cat o; dd if=i of=o bs=2 seek=3 count=1 conv=notrunc status=none; od -An -c o',
    /^cdef *c +d +e +f +\\0 +\\0 +a +b\n$/,
  ],
  [
    'dd if=/dev/zero bs=1K count=3 2>&1 >/dev/null | head -2; dd if=/nope; echo $?',
    '3+0 records in\n3+0 records out\n1\n',
  ],
  ['truncate -s 1K /tmp/tr; wc -c < /tmp/tr; truncate -s -24 /tmp/tr; wc -c < /tmp/tr', '1024\n1000\n'],
  [
    'seq 5 | paste -sd+; seq 4 | paste - -; paste -d, <(seq 2) <(seq 3)',
    '1+2+3+4+5\n1\t2\n3\t4\n1,1\n2,2\n,3\n',
  ],
  [
    'python3 -c "print(1)" 2>&1; echo $?; python3 /tmp/other.py 2>/dev/null; echo $?',
    /^python3: Python is not supported in this emulation.*\n1\n1\n$/,
  ],
];

const FIND: readonly Case[] = [
  ['cd /srv; find . -type f | sort; find -maxdepth 0', './backup.sh\n./dataset.bin\n./report.py\n.\n'],
  ['find / -perm -4000 -type f', '/usr/bin/sudo\n'],
  [
    'find /etc \\( -name hosts -o -iname HOSTNAME \\) ! -empty -printf "%f %s %u %m\\n"',
    'hostname 6 root 644\nhosts 38 root 644\n',
  ],
  [
    'find /srv -size +1M -exec ls {} \\; ; find /srv -name "*.sh" -o -name "*.py" | xargs -n1 basename | sort',
    '/srv/dataset.bin\nbackup.sh\nreport.py\n',
  ],
  [
    'mkdir -p /tmp/q/w; touch /tmp/q/w/a /tmp/q/b; find /tmp/q -newer /etc/hosts -type f | wc -l; find /tmp/q -name w -prune -o -type f -print; find /tmp/q -delete; ls /tmp/q',
    '2\n/tmp/q/b\n',
    2,
  ],
  ['find /etc -name "host*" -exec wc -l {} + | tail -1; find /nope; find / -badtest; find -name', /total\n$/],
];

const TEXT: readonly Case[] = [
  ['awk -F: \'$3 < 30 {print $1":"$3}\' /etc/passwd', 'root:0\ndaemon:1\n'],
  [
    "echo abc | sed 's/b/X/'; sed -n 1p /etc/hostname; grep -c bash /etc/passwd; grep -n app /etc/group",
    'aXc\nweb-1\n3\n5:app:x:1000:\n',
  ],
  [
    'printf "b\\na\\nb\\n" | sort | uniq -c; echo a:b | cut -d: -f2; echo abc | tr a-c A-C; echo abc | rev',
    '      1 a\n      2 b\nb\nABC\ncba\n',
  ],
  ['tr "\\0" " " < /proc/1/cmdline; echo; paste -sd, <(seq 3); echo "a b" | wc -w', 'nginx \n1,2,3\n2\n'],
  [
    `echo '{"a":[1,2]}' | jq -c .a; sha256sum < /etc/hostname | cut -c1-8; md5sum /etc/hostname | cut -c1-8`,
    '[1,2]\ndc62610a\nc60f6e09\n',
  ],
  [
    'seq 3 | xargs -n1 echo n; echo a b | xargs -I{} echo "<{}>"; printf "a b\\0c" | xargs -0 -n1 echo; xargs < /dev/null',
    'n 1\nn 2\nn 3\n<a b>\na b\nc\n\n',
  ],
  [
    'cd /tmp; printf "a\\nb\\nc\\n" > d1; printf "a\\nX\\nc\\nd\\n" > d2; diff d1 d2; diff -u d1 d2 | tail -n +3; diff -q d1 d2',
    '2c2\n< b\n---\n> X\n3a4\n> d\n@@ -1,3 +1,4 @@\n a\n-b\n+X\n c\n+d\nFiles d1 and d2 differ\n',
    1,
  ],
  [
    'echo a | tee /tmp/t1 /tmp/t2; cat /tmp/t1 /tmp/t2; basename /a/b.c .c; dirname /a/b; expr 2 + 3',
    'a\na\na\nb\n/a\n5\n',
  ],
];

const SYSTEM: readonly Case[] = [
  [
    'id; id -u; whoami; groups; hostname; hostname -i; uname -sr; arch; nproc',
    'uid=0(root) gid=0(root) groups=0(root)\n0\nroot\nroot\nweb-1\n10.244.1.17\nLinux 6.18.0\nx86_64\n4\n',
  ],
  [
    'date +%Y-%m-%d; date -d @0 "+%F %T"; date -u -d "2024-02-29" +%j',
    '2026-01-01\n1970-01-01 00:00:00\n060\n',
  ],
  ['env -i A=1 env; A=2 printenv A; env B=3 bash -c "echo \\$B"; printenv NOPE; echo $?', 'A=1\n2\n3\n1\n'],
  ['timeout 1 sleep 5; echo $?; timeout 5 true; echo $?; which ls nope; echo $?', '124\n0\n/usr/bin/ls\n1\n'],
  [
    "ps -ef | awk '{print $2, $8}' | head -2; ps -o pid=,comm= -p 1; ps -p 99999; echo $?",
    /^PID CMD\n1 nginx\n +1 nginx\n +PID TTY +TIME CMD\n1\n$/,
  ],
  ['sleep 100 & kill $!; wait $!; echo $?; /usr/bin/kill -9 999; echo $?', '143\n1\n'],
  [
    "free -m | head -2 | tail -1 | awk '{print $2}'; df / | tail -1 | awk '{print $1, $6}'; mount | head -1",
    '16384\noverlay /\noverlay on / type overlay (rw,relatime)\n',
  ],
  [
    '/usr/bin/test 1 -eq 1 && /usr/bin/[ a = a ] && /usr/bin/echo -n ok; /usr/bin/printf "%d\\n" 5; /bin/pwd; /bin/false; echo $?',
    'ok5\n/\n1\n',
  ],
  [
    'sleep 50 & pgrep -c sleep; pgrep -a nginx | head -1; pkill -9 sleep; wait $!; echo $?; pgrep nosuch; echo $?',
    '1\n1 nginx\n137\n1\n',
  ],
  [
    'X=secret env -i A=1 cat /proc/self/environ | tr "\\0" "\\n"; [ -r /proc/1/environ ] && echo readable',
    'A=1\nreadable\n',
  ],
  [
    'tty; yes | head -1; nohup echo hi; cat /etc/os-release | head -1',
    'not a tty\ny\nhi\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  ],
];

const NETWORK: readonly Case[] = [
  [
    'curl -s http://example.com/x; curl -so /dev/null -w "%{http_code}\\n" https://example.com/',
    '<html>hello</html>\nGET /x\n200\n',
  ],
  [
    'curl -s -d a=b -X PUT http://example.com/; curl -sI http://example.com/ | head -1',
    '<html>hello</html>\nPUT /\nHTTP/1.1 200 OK\r\n',
  ],
  ['curl -s http://nope.invalid/; echo $?; curl -s http://example.com:81/; echo $?', '6\n7\n'],
  [
    'curl -so /tmp/page http://example.com/ && head -1 /tmp/page; wget -qO- example.com | head -1',
    '<html>hello</html>\n<html>hello</html>\n',
  ],
  [
    'nslookup example.com | tail -3; dig +short example.com; host nope.invalid; getent hosts example.com',
    'Name:\texample.com\nAddress: 93.184.215.14\n\n93.184.215.14\nHost nope.invalid not found: 3(NXDOMAIN)\n93.184.215.14   example.com\n',
  ],
  [
    'nc -z example.com 80; echo $?; nc -z example.com 81; echo $?; printf "GET / HTTP/1.1\\r\\n\\r\\n" | nc example.com 80 | head -1',
    '0\n1\nHTTP/1.1 200 OK\r\n',
  ],
  [
    "ip -4 addr | grep inet | awk '{print $2}'; ip route | head -1",
    '127.0.0.1/8\n10.244.1.17/24\ndefault via 10.244.1.1 dev eth0\n',
  ],
];

describe.each([
  ['files', FILES],
  ['blocks and lines', BLOCKS],
  ['find', FIND],
  ['text', TEXT],
  ['system', SYSTEM],
  ['network', NETWORK],
] as const)('%s', (_name, cases) => {
  const container = new Container(reference);

  test.each([...cases] as [string, string | RegExp, number?][])('%s', async (script, stdout, code = 0) => {
    const outcome = await container.sh(script);
    if (typeof stdout === 'string') expect([outcome.stdout, outcome.code]).toEqual([stdout, code]);
    else expect(outcome.stdout).toMatch(stdout);
  });
});

test('every tool of the table is implemented once, and every implementation is in the table', () => {
  const names = USERLAND.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const implemented = new Set([...Object.keys(TOOLS), ...JUST_BASH_TOOLS, 'bash', 'test', '[']);
  expect(names.filter((name) => !implemented.has(name))).toEqual([]);
  expect([...implemented].filter((name) => !names.includes(name))).toEqual([]);
  expect(JUST_BASH_TOOLS.filter((name) => Object.hasOwn(TOOLS, name))).toEqual([]);
});

test.each<[string, string, boolean]>([
  ['cat', '', true],
  ['cat', '/etc/hosts', false],
  ['cat', '- /etc/hosts', true],
  ['grep', 'x', true],
  ['grep', 'x file', false],
  ['grep', '-e x', true],
  ['grep', '-A 3 x', true],
  ['grep', '-r x', false],
  ['sort', '-k 2 -t :', true],
  ['sort', '-k2 file', false],
  ['cut', '-d : -f 1', true],
  ['awk', '-F : {print}', true],
  ['awk', '{print} file', false],
  ['sed', '-i s/a/b/ file', false],
  ['tar', 'xf - -C /tmp', true],
  ['tar', 'cf - dir', false],
  ['tr', 'a b', true],
  ['ls', '', false],
  ['jq', '-n 1', false],
])('%s %s: does it read its standard input? %s', (name, args, expected) => {
  expect(readsStdin(name, args.split(' ').filter(Boolean))).toBe(expected);
});
