import { type HelperSite, helperAllowedAtHook, helperOfHook } from './helper-rules';
import { AttachType, ProgType } from './uapi-enums';

const at = (
  type: keyof typeof ProgType,
  attach: keyof typeof AttachType,
  hook: string,
  sleepable = false,
): HelperSite => ({
  progType: ProgType[type],
  expectedAttachType: AttachType[attach],
  hook,
  sleepable,
});

test.each<[helper: string, site: HelperSite, allowed: boolean]>([
  ['d_path', at('TRACING', 'TRACE_ITER', 'task_file'), true],
  ['d_path', at('TRACING', 'TRACE_FENTRY', 'vfs_truncate'), true],
  ['d_path', at('TRACING', 'TRACE_FENTRY', 'vfs_read'), false],
  ['d_path', at('LSM', 'LSM_MAC', 'file_open'), true],
  ['d_path', at('LSM', 'LSM_MAC', 'task_kill'), false],
  ['sk_storage_get', at('TRACING', 'TRACE_RAW_TP', 'tcp_probe'), true],
  ['sk_storage_get', at('TRACING', 'TRACE_FEXIT', 'bpf_sk_storage_free'), false],
  ['sk_storage_get', at('TRACING', 'MODIFY_RETURN', 'security_socket_bind'), false],
  ['sk_storage_get', at('LSM', 'LSM_MAC', 'socket_bind'), true],
  ['sk_storage_get', at('SYSCALL', 'CGROUP_INET_INGRESS', ''), false],
  ['ktime_get_ns', at('TRACING', 'TRACE_FENTRY', 'vfs_read'), true],
])('%s at %j: %s', (helper, site, allowed) => {
  expect(helperAllowedAtHook(site, helper)).toBe(allowed);
});

test.each<[helper: string, site: HelperSite, handedOut: boolean]>([
  ['ima_file_hash', at('LSM', 'LSM_MAC', 'file_open', true), true],
  ['ima_file_hash', at('LSM', 'LSM_MAC', 'file_open'), false],
  ['setsockopt', at('LSM', 'LSM_CGROUP', 'socket_post_create'), true],
  ['setsockopt', at('LSM', 'LSM_CGROUP', 'socket_bind'), false],
  ['setsockopt', at('TRACING', 'TRACE_ITER', 'tcp'), true],
  ['setsockopt', at('TRACING', 'TRACE_ITER', 'udp'), false],
  ['map_lookup_elem', at('TRACING', 'TRACE_ITER', 'udp'), true],
])('%s handed out to %j: %s', (helper, site, handedOut) => {
  expect(helperOfHook(site, helper)).toBe(handedOut);
});
