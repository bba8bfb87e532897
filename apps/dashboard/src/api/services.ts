import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { io } from 'socket.io-client';
import { Api } from './client';
import { STREAM_PATH, Stream } from './stream';

/** What the views talk to. */
export interface Services {
  readonly api: Api;
  readonly stream: Stream;
  /** Forgets the token and shows the form. @param rejected the daemon did not accept it */
  signOut(rejected: boolean): void;
}

const ServicesContext = createContext<Services | undefined>(undefined);
export const ServicesProvider = ServicesContext.Provider;

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('a view outside of ServicesProvider');
  return services;
}

export function openServices(token: string, signOut: (rejected: boolean) => void): Services {
  const api = new Api({ token, onUnauthorized: () => signOut(true) });
  const path = `${location.pathname.replace(/[^/]*$/, '')}socket.io`;
  const socket = io(STREAM_PATH, {
    path,
    auth: { token },
    reconnectionDelayMax: 2_000,
    // Polling only where a proxy in between does not let WebSockets through.
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
  });
  // REST tells a wrong token from a daemon that is away.
  const stream = new Stream(socket, () => void api.call('listLinks').catch(() => {}));
  return { api, stream, signOut };
}
