import { ACCESS, ARCH, MAP, O, PROT } from '@probed/abi';
import type { Sys } from '../sched/task-program';
import type { UserContext } from './context';

const PAGE = 4096;
const PRIVATE = MAP.PRIVATE;
const FIXED = MAP.PRIVATE | MAP.FIXED | MAP.DENYWRITE;
const RLIMIT_STACK = 3;

/**
 * What glibc's dynamic linker does before main: the beginning of every strace. Library text lies at the image's own
 * address, so that user stacks and uprobes agree.
 */
export function* loadLibraries(u: UserContext, names: readonly string[]): Sys<void> {
  yield* u.syscall('brk', 0);
  yield* u.mmap(2 * PAGE, PROT.READ | PROT.WRITE, PRIVATE | MAP.ANONYMOUS);
  yield* u.access('/etc/ld.so.preload', ACCESS.R_OK);
  const cache = yield* u.open('/etc/ld.so.cache', O.RDONLY | O.CLOEXEC);
  if (cache >= 0) {
    yield* u.fstat(cache);
    yield* u.mmap(18_000, PROT.READ, PRIVATE, cache);
    yield* u.close(cache);
  }
  for (const name of names) yield* mapLibrary(u, name);
  yield* u.syscall('arch_prctl', ARCH.SET_FS, u.buffer);
  yield* u.syscall('set_tid_address', u.buffer + 0x2d0);
  yield* u.syscall('set_robust_list', u.buffer + 0x2e0, 24);
  yield* u.syscall('rseq', u.buffer + 0x340, 32, 0, 0x53053053);
  yield* u.syscall('prlimit64', 0, RLIMIT_STACK, 0, u.room(16));
  yield* u.cpu(380_000);
}

function* mapLibrary(u: UserContext, name: string): Sys<void> {
  const image = u.k.images.get(name);
  const fd = yield* u.open(image.path, O.RDONLY | O.CLOEXEC);
  if (fd < 0) {
    yield* u.write(
      2,
      `error while loading shared libraries: ${image.path}: cannot open shared object file\n`,
    );
    yield* u.exit(127);
    return;
  }
  yield* u.read(fd, 832);
  yield* u.fstat(fd);
  const data = Math.ceil((image.base + image.textBytes) / PAGE) * PAGE;
  yield* u.mmap(image.textBytes, PROT.READ | PROT.EXEC, FIXED, fd, 0, image.base);
  yield* u.mmap(image.dataBytes, PROT.READ | PROT.WRITE, FIXED, fd, image.textBytes, data);
  yield* u.mprotect(data, PAGE, PROT.READ);
  yield* u.close(fd);
}
