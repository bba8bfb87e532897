import { O } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';

const LC_CTYPE_BYTES = 353_616;

/** setlocale(3), the first thing that most tools do. */
export function* loadLocale(u: UserContext): Sys<void> {
  const archive = yield* u.open('/usr/lib/locale/locale-archive', O.RDONLY | O.CLOEXEC);
  if (archive >= 0) yield* u.close(archive);
  const ctype = yield* u.open('/usr/lib/locale/C.utf8/LC_CTYPE', O.RDONLY | O.CLOEXEC);
  if (ctype < 0) return;
  yield* u.fstat(ctype);
  yield* u.mmap(LC_CTYPE_BYTES, 1, 2, ctype);
  yield* u.close(ctype);
}
