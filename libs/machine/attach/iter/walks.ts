import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { addressOf } from '@probed/memory';
import type { ThreadObject } from '@probed/system';
import type { AttachEnv } from '../attach-env';
import type { AttachedProgram } from '../attached-program';
import type { IterOptions } from '../attachment';
import { badTarget } from '../errors';
import { KernelStruct, linkStructs, programStructs } from './bpf-objects';
import { mapElements } from './map-elements';

/** Words behind `meta` in the context of each call, one array an object, valid until the next is asked for. */
export type Walk = () => Iterable<readonly number[]>;

/** How an iterator comes by its objects. Errors are those of attaching: EINVAL, ENOENT, EACCES. */
type Walker = (env: AttachEnv, options: IterOptions, program: AttachedProgram) => Result<Walk, Diagnostic>;

const ENOENT = 2;

function always(walk: (env: AttachEnv, options: IterOptions) => Iterable<readonly number[]>): Walker {
  return (env, options) => ok(() => walk(env, options));
}

/** Threads that a task iterator is for (`struct bpf_iter_seq_task_common`). */
function* threads({ kernel }: AttachEnv, { tid, pid }: IterOptions): Generator<ThreadObject> {
  for (const thread of kernel.objects.tasks()) {
    if (tid !== undefined && thread.pid !== tid) continue;
    if (pid !== undefined && thread.tgid !== pid) continue;
    yield thread;
  }
}

/** Threads whose files and mappings have not been shown with their leader. */
function* owners(env: AttachEnv, options: IterOptions): Generator<ThreadObject> {
  for (const thread of threads(env, options))
    if (!thread.sharesFiles || options.tid !== undefined) yield thread;
}

function overThreads(walk: (env: AttachEnv, options: IterOptions) => Iterable<readonly number[]>): Walker {
  return (env, options) => {
    if (options.tid !== undefined && options.pid !== undefined)
      return badTarget('a task iterator takes tid or pid, not both');
    return ok(() => walk(env, options));
  };
}

function* tasks(env: AttachEnv, options: IterOptions) {
  for (const { offset } of threads(env, options)) yield [addressOf(offset)];
}

function* taskFiles(env: AttachEnv, options: IterOptions) {
  for (const { pid, offset } of owners(env, options))
    for (const file of env.kernel.objects.files(pid))
      yield [addressOf(offset), file.fd, addressOf(file.offset)];
}

function* taskVmas(env: AttachEnv, options: IterOptions) {
  for (const { pid, offset } of owners(env, options))
    for (const vma of env.kernel.objects.vmas(pid)) yield [addressOf(offset), addressOf(vma)];
}

function* maps({ bpf }: AttachEnv) {
  for (const map of [...bpf.maps()].sort((a, b) => a.id - b.id)) yield [addressOf(map.offset)];
}

function* made<T>(items: Iterable<T>, make: (item: T) => KernelStruct[]) {
  for (const item of items) {
    const structs = make(item);
    try {
      yield [structs[0].address];
    } finally {
      for (const struct of structs) struct.free();
    }
  }
}

const cgroups: Walker = (env, { cgroupId, order = 'descendants-pre' }) => {
  const { objects } = env.kernel;
  if (!objects.cgroups(cgroupId, order)) {
    const message = `no cgroup has the id ${cgroupId} (ENOENT)`;
    return err(diagnostic('no-such-cgroup', message, { errno: ENOENT }));
  }
  return ok(function* () {
    for (const offset of objects.cgroups(cgroupId, order) ?? []) yield [addressOf(offset)];
  });
};

function sockets(kind: 'tcp' | 'udp' | 'unix'): Walker {
  return always(function* ({ kernel }) {
    for (const { offset, uid } of kernel.objects.sockets(kind)) yield [addressOf(offset), uid, 0];
  });
}

/** `struct kallsym_iter`, filled anew for each symbol. */
function* symbols(env: AttachEnv) {
  const struct = new KernelStruct(env.btf, env.memory, 'kallsym_iter');
  struct.set('show_value', 1).set('exported', 0).set('type', 'T'.charCodeAt(0));
  try {
    for (const name of env.hooks.kernelFunctionsWhere(() => true)) {
      struct.text('name', name).set('value', env.kernel.symbolAddress(name));
      yield [struct.address];
    }
  } finally {
    struct.free();
  }
}

/** Iterators that have objects here, by target; others of the kernel's are refused by name. */
export const WALKERS: Readonly<Record<string, Walker>> = {
  task: overThreads(tasks),
  task_file: overThreads(taskFiles),
  task_vma: overThreads(taskVmas),
  bpf_map: always(maps),
  bpf_map_elem: mapElements,
  bpf_prog: always((env) =>
    made(env.bpf.programs(), (program) => programStructs(env.btf, env.memory, program)),
  ),
  bpf_link: always((env) => made(env.bpf.links(), (link) => linkStructs(env.btf, env.memory, link))),
  cgroup: cgroups,
  tcp: sockets('tcp'),
  udp: sockets('udp'),
  unix: sockets('unix'),
  ksym: always(symbols),
};
