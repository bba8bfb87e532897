import { AF, O, SOCK } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { readText } from './io';

/** Users and groups as /etc has them, by number and by name. */
export interface Accounts {
  user(uid: number): string | undefined;
  group(gid: number): string | undefined;
  uid(name: string): number | undefined;
  gid(name: string): number | undefined;
  /** Group of a user as passwd has it. */
  primaryGroup(uid: number): number | undefined;
  /** Fields of a passwd row. */
  row(uid: number): readonly string[] | undefined;
}

function rows(text: string | undefined): string[][] {
  return (text ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'));
}

/** What getpwuid(3) and getgrgid(3) do: nscd is asked first, then the files are read. */
export function* readAccounts(u: UserContext): Sys<Accounts> {
  const nscd = yield* u.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK);
  if (nscd >= 0) {
    yield* u.connectUnix(nscd, '/var/run/nscd/socket');
    yield* u.close(nscd);
  }
  const conf = yield* u.open('/etc/nsswitch.conf', O.RDONLY | O.CLOEXEC);
  if (conf >= 0) {
    yield* u.read(conf, 4_096);
    yield* u.close(conf);
  }
  const users = rows(yield* readText(u, '/etc/passwd'));
  const groups = rows(yield* readText(u, '/etc/group'));
  return {
    user: (uid) => users.find((row) => Number(row[2]) === uid)?.[0],
    group: (gid) => groups.find((row) => Number(row[2]) === gid)?.[0],
    uid: (name) => number(users.find((row) => row[0] === name)?.[2]),
    gid: (name) => number(groups.find((row) => row[0] === name)?.[2]),
    primaryGroup: (uid) => number(users.find((row) => Number(row[2]) === uid)?.[3]),
    row: (uid) => users.find((row) => Number(row[2]) === uid),
  };
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
