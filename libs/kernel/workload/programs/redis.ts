import { EPOLL, SO, SOCK, SOL } from '@probed/abi';
import type { Program, Sys, UserContext } from '@probed/system';

const PATH = '/usr/local/bin/redis-server';
const PORT = 6379;
const DATABASE = '/data/dump.rdb';
const COMMANDS_PER_SAVE = 500;
const NANOSECONDS_PER_COMMAND = 6_500;

function* listener(u: UserContext): Sys {
  const fd = yield* u.socket();
  yield* u.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR);
  const error = yield* u.bind(fd, '0.0.0.0', PORT);
  if (error < 0) return error;
  yield* u.listen(fd, 511);
  return fd;
}

/** BGSAVE: a forked child writes the data set, and the parent goes on. */
function* save(u: UserContext): Sys<void> {
  yield* u.fork(function* (child) {
    const O_WRONLY_CREAT_TRUNC = 0o1101;
    const fd = yield* child.open(`${DATABASE}.tmp`, O_WRONLY_CREAT_TRUNC, 0o644);
    if (fd < 0) return 1;
    yield* child.write(fd, 'REDIS0011');
    yield* child.cpu(400_000, ['rdbSaveRio']);
    yield* child.fsync(fd);
    yield* child.close(fd);
    yield* child.rename(`${DATABASE}.tmp`, DATABASE);
    return 0;
  });
}

/** A cache in the manner of redis: one thread, one event loop, answers from memory. */
function* redis(u: UserContext): Sys {
  const listen = yield* listener(u);
  if (listen < 0) return 1;
  const epoll = yield* u.epollCreate();
  yield* u.epollAdd(epoll, listen, EPOLL.IN);
  for (let commands = 1; ; ) {
    const ready = yield* u.epollWait(epoll, 100);
    for (const fd of ready) {
      if (fd === listen) {
        const client = yield* u.accept(listen, SOCK.NONBLOCK);
        if (client >= 0) yield* u.epollAdd(epoll, client, EPOLL.IN);
        continue;
      }
      const bytes = yield* u.read(fd, 16_384);
      if (bytes <= 0) {
        yield* u.close(fd);
        continue;
      }
      yield* u.cpu(NANOSECONDS_PER_COMMAND, ['aeProcessEvents', 'readQueryFromClient', 'processCommand']);
      yield* u.write(fd, '$5\r\nhello\r\n');
      if (commands++ % COMMANDS_PER_SAVE === 0) yield* save(u);
    }
    yield* u.wait(-1, 1);
  }
}

export const REDIS: Program = {
  name: 'redis-server',
  main: redis,
  image: {
    path: PATH,
    symbols: [
      '_start',
      'main',
      'aeMain',
      'aeProcessEvents',
      'readQueryFromClient',
      'processCommand',
      'rdbSaveRio',
    ],
    entry: ['_start', 'main', 'aeMain'],
  },
  libraries: ['libm'],
};

export const REDIS_FILES = {
  [PATH.slice(1)]: { program: REDIS.name, size: 15_284_384 },
  data: { dir: true, uid: 999, gid: 999 },
} as const;
