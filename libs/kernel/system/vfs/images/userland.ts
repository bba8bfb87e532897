import type { FileTree, TreeEntry } from '../tree';

/** One executable of a container's user land. */
export interface UserlandTool {
  readonly name: string;
  /** Directory below the root, `usr/bin` by default. */
  readonly dir?: string;
  /** Bytes of the file. */
  readonly size?: number;
  /** Shared libraries beyond libc, by image name. */
  readonly libraries?: readonly string[];
}

const DEFAULT_SIZE = 43_808;

function plain(...names: readonly string[]): UserlandTool[] {
  return names.map((name) => ({ name }));
}

/**
 * What a Debian container has on its PATH, package by package. File trees and the shell's programs both come from
 * this table: a name that is here exists as a file, and runs where a kernel has a program of that name.
 */
export const USERLAND: readonly UserlandTool[] = [
  { name: 'bash', size: 1_265_648, libraries: ['libtinfo'] },
  // coreutils
  { name: 'ls', size: 151_344, libraries: ['libselinux'] },
  { name: 'cp', size: 151_152, libraries: ['libselinux'] },
  { name: 'mv', size: 142_968, libraries: ['libselinux'] },
  { name: 'mkdir', size: 97_552, libraries: ['libselinux'] },
  { name: 'stat', size: 89_280, libraries: ['libselinux'] },
  { name: 'id', size: 44_016, libraries: ['libselinux'] },
  { name: 'date', size: 121_904 },
  { name: 'dd', size: 85_184 },
  { name: 'truncate' },
  { name: 'sort', size: 118_136, libraries: ['libcrypto'] },
  { name: 'md5sum', size: 52_000, libraries: ['libcrypto'] },
  { name: 'sha1sum', size: 56_096, libraries: ['libcrypto'] },
  { name: 'sha256sum', size: 56_096, libraries: ['libcrypto'] },
  ...plain(
    'cat',
    'rm',
    'rmdir',
    'touch',
    'ln',
    'chmod',
    'chown',
    'readlink',
    'realpath',
    'head',
    'tail',
    'wc',
  ),
  ...plain('uniq', 'comm', 'cut', 'paste', 'tr', 'nl', 'fold', 'expand', 'unexpand', 'split', 'join', 'tee'),
  ...plain('basename', 'dirname', 'du', 'df', 'env', 'printenv', 'true', 'false', 'echo', 'printf', 'pwd'),
  ...plain('test', '[', 'seq', 'expr', 'base64', 'tac', 'od', 'sleep', 'timeout', 'nohup', 'yes', 'mktemp'),
  ...plain('whoami', 'groups', 'hostname', 'uname', 'uptime', 'nproc', 'arch', 'tty', 'sync'),
  // grep, sed, mawk, findutils, diffutils, util-linux
  { name: 'grep', size: 203_152, libraries: ['libpcre2'] },
  ...plain(
    'egrep',
    'fgrep',
    'sed',
    'awk',
    'diff',
    'rev',
    'column',
    'strings',
    'file',
    'tree',
    'which',
    'mount',
  ),
  { name: 'find', size: 224_848, libraries: ['libselinux'] },
  { name: 'xargs', size: 63_960 },
  // archives
  { name: 'tar', size: 531_984, libraries: ['libselinux'] },
  ...plain('gzip', 'gunzip', 'zcat'),
  // procps, psmisc
  ...plain('ps', 'top', 'free', 'kill', 'pgrep', 'pkill'),
  // network
  { name: 'curl', size: 301_272, libraries: ['libcurl', 'libz', 'libssl', 'libcrypto'] },
  { name: 'wget', size: 489_344, libraries: ['libz', 'libssl', 'libcrypto', 'libpcre2'] },
  ...plain('nslookup', 'dig', 'host', 'getent', 'nc', 'ip'),
  { name: 'jq', size: 30_976, libraries: ['libm'] },
  // packages
  { name: 'apt-get', size: 51_640, libraries: ['libz', 'libcrypto'] },
  { name: 'apt', size: 18_752, libraries: ['libz', 'libcrypto'] },
  { name: 'apk', size: 66_328, libraries: ['libz', 'libcrypto'] },
];

/** Files of these tools, and of the packages that they come from. */
export function userlandTree(): Record<string, TreeEntry> {
  const out: Record<string, FileTree[string]> = {};
  for (const { name, dir = 'usr/bin', size = DEFAULT_SIZE } of USERLAND)
    out[`${dir}/${name}`] = { program: name, size, mode: 0o755 };
  return {
    ...out,
    'etc/debian_version': '12.8\n',
    'etc/issue': 'Debian GNU/Linux 12 \\n \\l\n\n',
    'etc/shells': '/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n',
    'etc/apt/sources.list':
      'deb http://deb.debian.org/debian bookworm main\ndeb http://deb.debian.org/debian-security bookworm-security main\n',
    'var/lib/dpkg/status': 'Package: base-files\nStatus: install ok installed\nVersion: 12.4+deb12u8\n',
    'var/lib/dpkg/lock-frontend': { text: '', mode: 0o640 },
    'var/lib/dpkg/lock': { text: '', mode: 0o640 },
    'var/lib/apt/lists/partial': { dir: true, mode: 0o700 },
    'var/cache/apt/archives/lock': { text: '', mode: 0o640 },
    opt: { dir: true },
    mnt: { dir: true },
  };
}
