import { type AddressInfo, createServer, type Server } from 'node:net';
import { StartFault } from '../config/config';
import { urlHost } from '../security/access-control';

/** @returns the port. @throws StartFault it is taken, or the address is not ours */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)));
    server.listen({ host, port }, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Says early what {@link listen} would say after all else has been started. @throws StartFault */
export async function ensurePort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  await listen(server, host, port);
  await new Promise((resolve) => server.close(resolve));
}

function listenFault({ code = '', message }: NodeJS.ErrnoException, host: string, port: number): StartFault {
  const place = `${urlHost(host)}:${port}`;
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is in use, perhaps by another daemon; choose another port: --port NUMBER`,
    EACCES: `this user may not listen on ${place}; choose a port above 1023: --port NUMBER`,
    EADDRNOTAVAIL: `${host} is no address of this machine; choose another: --host ADDRESS`,
    ENOTFOUND: `${host} is no address of this machine; choose another: --host ADDRESS`,
  };
  return new StartFault(texts[code] ?? `can't listen on ${place}: ${message}`, 1);
}
