import type { ExecSession } from '@probed/cluster';
import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import type { KernelHost } from '../host';
import { orRefuse, refuse } from '../refuse';

const ENOENT = 2;
const ESRCH = 3;
const EAGAIN = 11;

type ExecCommands = 'pod.list' | 'exec.start' | 'exec.input' | 'exec.eof' | 'exec.resize' | 'exec.kill';

/** Pods and the commands that people run in them. */
export function execCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, ExecCommands> {
  const { cluster, pace, sessions } = host;
  const running = (id: string): ExecSession => {
    const session = cluster.session(id);
    if (!session) return refuse('no-such-session', `no exec session ${id}`, { errno: ENOENT });
    if (session.state !== 'running')
      return refuse('session-ended', `exec session ${id} has ended`, { errno: ESRCH });
    return session;
  };
  return {
    'pod.list': () =>
      cluster.pods().map(({ name, namespace, node, ip, labels, containers }) => ({
        name,
        namespace,
        node,
        ip,
        labels: { ...labels },
        containers: containers.map((container) => ({
          name: container.name,
          image: container.image,
          container_id: container.id,
          cgroup_id: container.place.cgroupId,
        })),
      })),
    'exec.start': (request) => {
      if (pace.paused)
        refuse('workload-stopped', 'the workload is stopped: no time passes in which a command could run', {
          errno: EAGAIN,
          hint: 'start it again: POST /api/v1/workload/start',
        });
      return sessions.session(orRefuse(cluster.exec(request)));
    },
    'exec.input': ({ session, bytes }) => {
      running(session).write(bytes);
      return null;
    },
    'exec.eof': ({ session }) => {
      running(session).closeStdin();
      return null;
    },
    'exec.resize': ({ session, rows, columns }) => {
      running(session).resize(columns, rows);
      return null;
    },
    'exec.kill': ({ session }) => {
      running(session).kill();
      return null;
    },
  };
}
