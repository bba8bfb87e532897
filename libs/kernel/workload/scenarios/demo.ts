import { createTty } from '@probed/system';
import { podsOn } from '../pod';
import type { Scenario } from '../scenario';
import { startNodeServices, startShop } from '../services';
import { typeLines, typingTimes } from '../typist';

/** What the person at the terminal types. */
const SESSION = [
  'id',
  'ls -l /var/www/html',
  'cat /etc/passwd',
  'cat /var/run/secrets/kubernetes.io/serviceaccount/token',
  'cat /etc/does-not-exist',
  'curl http://example.com/',
  'grep root /etc/passwd | wc',
  '/srv/backup.sh',
  'sudo cat /etc/shadow',
  'python3 /srv/report.py 1.5',
  'curl https://paste.example.net/upload',
  'rm /tmp/backup.tar.gz',
  'exit',
] as const;

const THINK_NS = 620e6;

/** The tour: a web pod, a database pod, and somebody with a shell in the web pod. */
export const DEMO: Scenario = {
  name: 'demo',
  description: 'a web pod, a database pod and a shell session in the web pod',
  teaches:
    'exec auditing, file opens, DNS and TCP connects, readline, CPU profiles: something for every kind of hook',
  defaultDurationNs: 10e9,
  start(kernel, prng, addPod = podsOn(kernel)) {
    startNodeServices(kernel, 3);
    const { web } = startShop(kernel, addPod, 40);
    const tty = createTty(kernel);
    const startNs = kernel.nowNs() + 0.3e9;
    web.launch({ path: '/bin/bash', argv: ['bash'], tty, uid: 1000, gid: 1000, cwd: '/root', atNs: startNs });
    typeLines(kernel, tty, startNs + 0.05e9, typingTimes(prng.fork('typist'), SESSION, THINK_NS));
  },
};
