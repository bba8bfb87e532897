import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { printTracepointFormat, SYSCALLS } from '@probed/abi';
import { loadReferenceKernel, readBtfFile } from './index';

const kernel = loadReferenceKernel();

/** Hooks that tools attach to most; a missing one would break many programs. */
const TRACEPOINTS =
  'sched:sched_switch sched:sched_process_exit sched:sched_process_exec sched:sched_process_fork sched:sched_wakeup ' +
  'sched:sched_wakeup_new sched:sched_migrate_task raw_syscalls:sys_enter raw_syscalls:sys_exit block:block_rq_issue ' +
  'block:block_rq_complete block:block_rq_insert irq:softirq_entry irq:softirq_exit irq:softirq_raise skb:kfree_skb ' +
  'sock:inet_sock_set_state timer:timer_start block:block_io_start block:block_io_done block:block_bio_queue ' +
  'signal:signal_generate signal:signal_deliver irq:irq_handler_entry irq:irq_handler_exit tcp:tcp_retransmit_skb ' +
  'tcp:tcp_destroy_sock tcp:tcp_probe exceptions:page_fault_user exceptions:page_fault_kernel task:task_rename ' +
  'task:task_newtask net:netif_receive_skb net:net_dev_queue net:net_dev_xmit oom:mark_victim kmem:kmalloc ' +
  'cgroup:cgroup_mkdir writeback:writeback_start';

const FUNCTIONS =
  'vfs_read vfs_write vfs_open vfs_create vfs_unlink vfs_fsync do_unlinkat do_sys_openat2 d_lookup lookup_fast fd_install ' +
  'mark_page_accessed tty_write tcp_v4_connect tcp_v6_connect tcp_connect tcp_set_state tcp_close tcp_sendmsg ' +
  'tcp_recvmsg tcp_cleanup_rbuf tcp_rcv_established tcp_retransmit_skb inet_csk_accept inet_listen inet_bind ' +
  'inet6_bind tcp_v4_syn_recv_sock tcp_v6_syn_recv_sock udp_sendmsg udp_recvmsg sk_alloc __sk_free ip_output ip_rcv ' +
  '__dev_queue_xmit cap_capable commit_creds create_user_ns security_bprm_check security_socket_connect ' +
  'security_file_open security_mmap_file security_task_prctl __cgroup_bpf_run_filter_skb wake_up_new_task ' +
  'try_to_wake_up finish_task_switch.isra.0 do_exit oom_kill_process blk_account_io_start blk_account_io_done ' +
  'blk_mq_start_request add_to_page_cache_lru mark_buffer_dirty';

test.each(TRACEPOINTS.split(' '))('tracepoint %s', (path) => {
  const [group, name] = path.split(':');
  expect(kernel.tracepoints.get(group, name)?.fields.length).toBeGreaterThan(0);
});

test.each(FUNCTIONS.split(' '))('function %s', (name) => {
  expect(kernel.symbols.type(name)).toMatch(/^[TtW]$/);
  expect(kernel.symbols.address(name)).toBeLessThan(0);
});

test('lacks what 6.18 lacks', () => {
  expect(kernel.symbols.has('ttwu_do_wakeup')).toBe(false);
  expect(kernel.tracepoints.has('sched', 'sched_process_execve')).toBe(false);
});

test('has tracepoints and a function for every system call that is implemented', () => {
  const missing = SYSCALLS.flatMap(({ define }) => define ?? []).filter(
    (define) =>
      !kernel.tracepoints.has('syscalls', `sys_enter_${define}`) ||
      !kernel.tracepoints.has('syscalls', `sys_exit_${define}`) ||
      !kernel.symbols.has(`__x64_sys_${define}`),
  );
  expect(missing).toEqual([]);
});

test('tracepoint ids are unique', () => {
  const ids = [...kernel.tracepoints.all()].map((format) => format.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(2300);
});

test('symbols go both ways', () => {
  const address = kernel.symbols.address('vfs_read')!;
  expect(kernel.symbols.lookup(address + 5)).toMatchObject({ name: 'vfs_read', offset: 5 });
  expect(kernel.symbols.address('_stext')).toBe(Number(0xffffffff81000000n - (1n << 64n)));
  expect(kernel.symbols.type('init_task')).toBe('D');
  expect(kernel.symbols.has('runqueues')).toBe(true);
});

test("the configuration is the target's", () => {
  expect(kernel.config.get('CONFIG_BPF_SYSCALL')).toBe('y');
  expect(kernel.config.get('CONFIG_KPROBES')).toBe('y');
  expect(kernel.config.get('CONFIG_HZ')).toBe(250);
  expect(kernel.versionCode).toBe(0x61200);
});

describe('readBtfFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'btf-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  test('takes plain and compressed BTF', () => {
    const plain = readBtfFile(file('plain', kernel.btf));
    const zipped = readBtfFile(file('zipped.gz', gzipSync(kernel.btf, { level: 1 })));
    expect([plain, zipped].map((r) => r.ok && r.value.length)).toEqual([
      kernel.btf.length,
      kernel.btf.length,
    ]);
  });

  test.each([
    ['text', new TextEncoder().encode('this is a text file, no BTF at all'), 'btf-bad-magic'],
    ['elf', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]), 'btf-missing'],
    ['short', Uint8Array.from([0x9f, 0xeb, 1]), 'btf-bad-magic'],
    ['cut.gz', gzipSync(kernel.btf, { level: 1 }).subarray(0, 1000), 'btf-unreadable'],
  ])('refuses %s', (name, bytes, code) => {
    const result = readBtfFile(file(name, bytes));
    expect(result.ok ? undefined : result.error).toMatchObject({ code, where: join(folder, name) });
  });

  test('names a missing file', () => {
    const result = readBtfFile(join(folder, 'nothing'));
    expect(result.ok ? '' : result.error.message).toContain('ENOENT');
  });
});

const onReference = release().startsWith('6.18.') && process.getuid?.() === 0;
test('every format file is printed as the running 6.18 prints it', () => {
  if (!onReference) return console.info('skipped: needs root on Linux 6.18');
  const copy = mkdtempSync(join(tmpdir(), 'formats-'));
  try {
    const loop = 'for f in */*/format; do mkdir -p "$0/$(dirname $f)" && cat "$f" > "$0/$f"; done';
    execFileSync('unshare', ['-m', 'sh', '-c', `mount -t tracefs t /mnt && cd /mnt/events && ${loop}`, copy]);
    const paths = readdirSync(copy).flatMap((group) =>
      readdirSync(join(copy, group)).map((name) => [group, name]),
    );
    const different = paths.filter(([group, name]) => {
      const ours = kernel.tracepoints.get(group, name);
      return !ours || printTracepointFormat(ours) !== readFileSync(join(copy, group, name, 'format'), 'utf8');
    });
    expect(different).toEqual([]);
    expect(paths.length).toBeGreaterThan(2300);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
