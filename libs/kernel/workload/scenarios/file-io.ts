import { webTree } from '@probed/system';
import { podsOn } from '../pod';
import type { Scenario } from '../scenario';
import { startNodeServices } from '../services';

const ROUND = [
  'mkdir /tmp/work',
  'wc /srv/dataset.bin',
  'cp /etc/passwd /tmp/work/a',
  'cp /usr/bin/bash /tmp/work/b',
  'cat /tmp/work/b > /tmp/work/c',
  'sync /tmp/work/b /tmp/work/c',
  'mv /tmp/work/c /tmp/work/d',
  'grep root /tmp/work/a',
  'cat /tmp/work/missing',
  'cat /etc/shadow',
  'tar -cf /tmp/work.tar /tmp/work',
  'gzip /tmp/work.tar',
  'rm /tmp/work.tar.gz /tmp/work/a /tmp/work/b /tmp/work/d',
].join('; ');

/** Files that come and go. */
export const FILE_IO: Scenario = {
  name: 'file-io',
  description: 'reads from disk, copies, archives, renames, syncs and deletes files, with some failures',
  teaches:
    'opens with their errors, read and write sizes and latencies, file lifetimes, VFS functions, block I/O latency',
  defaultDurationNs: 4e9,
  start(kernel, _prng, addPod = podsOn(kernel)) {
    startNodeServices(kernel);
    const pod = addPod({
      name: 'batch-0',
      ip: '10.244.1.41',
      image: 'registry.example.net/batch:2.0',
      tree: webTree('batch-0', '10.244.1.41'),
    });
    const script = Array.from({ length: 60 }, () => `${ROUND}; sleep 0.02`).join('; ');
    pod.launch({
      path: '/bin/bash',
      argv: ['bash', '-c', script],
      uid: 1000,
      gid: 1000,
      atNs: kernel.nowNs() + 5e6,
    });
  },
};
