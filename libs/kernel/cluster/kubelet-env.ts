import type { ContainerSpec, PodSpec } from './pod-spec';

const IMAGE_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Cluster address of the API server, which every container finds in its environment. */
export const API_SERVER_IP = '10.96.0.1';
const API_SERVER_PORT = '443';

/** The environment of a container's processes: image, pod, the `kubernetes` service, what the spec adds, home folder. */
export function containerEnv(pod: PodSpec, container: ContainerSpec): string[] {
  const api = `tcp://${API_SERVER_IP}:${API_SERVER_PORT}`;
  const port = `KUBERNETES_PORT_${API_SERVER_PORT}_TCP`;
  return [
    IMAGE_PATH,
    `HOSTNAME=${pod.name}`,
    ...Object.entries(container.env ?? {}).map(([name, value]) => `${name}=${value}`),
    `KUBERNETES_SERVICE_HOST=${API_SERVER_IP}`,
    `KUBERNETES_SERVICE_PORT=${API_SERVER_PORT}`,
    `KUBERNETES_SERVICE_PORT_HTTPS=${API_SERVER_PORT}`,
    `KUBERNETES_PORT=${api}`,
    `${port}=${api}`,
    `${port}_PROTO=tcp`,
    `${port}_PORT=${API_SERVER_PORT}`,
    `${port}_ADDR=${API_SERVER_IP}`,
    `HOME=${container.uid ? '/' : '/root'}`,
  ];
}
