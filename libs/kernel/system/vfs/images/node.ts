import type { FileTree } from '../tree';
import { BASE_TREE } from './base';

/** The node's own file tree: service managers, container runtime, system services. */
export const NODE_TREE: FileTree = {
  ...BASE_TREE,
  'usr/lib/systemd/systemd': { program: 'systemd', size: 1_849_992 },
  'usr/sbin/init': { link: '../lib/systemd/systemd' },
  'usr/sbin/cron': { program: 'cron', size: 59_544 },
  'usr/bin/containerd': { program: 'containerd', size: 39_000_000 },
  'usr/bin/kubelet': { program: 'kubelet', size: 76_000_000 },
  'usr/bin/runc': { program: 'runc', size: 13_000_000 },
  'etc/crontab': '*/1 * * * * root /usr/lib/sysstat/sa1\n',
  'usr/lib/sysstat/sa1': { text: '#!/bin/sh\ndate\nls /var/log\n', mode: 0o755 },
  'var/lib/kubelet/config.yaml': 'kind: KubeletConfiguration\n',
  'run/containerd': { dir: true },
};
