import { LIBRARIES } from '../../user/libraries';
import type { FileTree } from '../tree';

const TOOLS = [
  'bash',
  'ls',
  'cat',
  'curl',
  'sudo',
  'id',
  'grep',
  'sleep',
  'date',
  'head',
  'wc',
  'find',
  'ps',
  'rm',
  'mkdir',
  'touch',
  'cp',
  'mv',
  'uname',
  'hostname',
  'env',
  'whoami',
  'python3',
  'true',
  'tar',
  'gzip',
  'echo',
  'wrk',
  'sync',
] as const;

/** Sizes of real executables; a default for the rest. */
const SIZES: Readonly<Record<string, number>> = {
  bash: 1_265_648,
  curl: 301_272,
  python3: 6_831_736,
  sudo: 281_624,
};
const DEFAULT_SIZE = 43_808;

function tools(): Record<string, FileTree[string]> {
  const out: Record<string, FileTree[string]> = {};
  for (const name of TOOLS) {
    const mode = name === 'sudo' ? 0o4755 : 0o755;
    out[`usr/bin/${name}`] = { program: name, size: SIZES[name] ?? DEFAULT_SIZE, mode };
  }
  for (const spec of Object.values(LIBRARIES))
    out[spec.path.slice(1)] = { size: spec.textBytes ?? 0, mode: 0o755 };
  return out;
}

/** What every Debian-like file tree has: merged /usr, tools, libraries, configuration. */
export const BASE_TREE: FileTree = {
  bin: { link: 'usr/bin' },
  sbin: { link: 'usr/sbin' },
  lib: { link: 'usr/lib' },
  lib64: { link: 'usr/lib64' },
  'usr/bin/sh': { link: 'bash' },
  ...tools(),
  'etc/ld.so.cache': { size: 18_000 },
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/bash',
    'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
    'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin',
    'postgres:x:999:999::/var/lib/postgresql:/bin/bash',
    'app:x:1000:1000:app:/home/app:/bin/bash',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    '',
  ].join('\n'),
  'etc/group': 'root:x:0:\ndaemon:x:1:\nwww-data:x:33:\npostgres:x:999:\napp:x:1000:\n',
  'etc/shadow': { text: 'root:*:19700:0:99999:7:::\napp:!:19700:0:99999:7:::\n', mode: 0o640, gid: 42 },
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/hosts': '127.0.0.1\tlocalhost\n',
  'etc/resolv.conf':
    'nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n',
  'etc/host.conf': 'multi on\n',
  'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
  'etc/profile': 'PATH=/usr/local/bin:/usr/bin:/bin\n',
  'etc/bash.bashrc': "PS1='\\u@\\h:\\w\\$ '\n",
  'etc/sudoers': {
    text: 'root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\napp ALL=(ALL) NOPASSWD: ALL\n',
    mode: 0o440,
  },
  'etc/localtime': { link: '/usr/share/zoneinfo/Etc/UTC' },
  'usr/share/zoneinfo/Etc/UTC': { size: 114 },
  'usr/lib/locale/C.utf8/LC_CTYPE': { size: 353_616 },
  root: { dir: true, mode: 0o700 },
  'root/.bashrc': 'alias ll="ls -l"\n',
  'home/app/notes.txt': { text: 'deploy on friday\n', uid: 1000, gid: 1000 },
  'home/app/.bashrc': { text: '', uid: 1000, gid: 1000 },
  tmp: { dir: true, mode: 0o1777 },
  'var/tmp': { dir: true, mode: 0o1777 },
  'var/log': { dir: true },
  run: { dir: true },
};
