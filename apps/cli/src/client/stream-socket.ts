import { PROTOCOL_VERSION } from '@probed/protocol';
import { io, type Socket } from 'socket.io-client';
import { CommandError } from '../errors';
import { type DaemonAddress, TOKEN_HINT } from './daemon-address';

const CONNECT_TIMEOUT_MS = 5_000;

/** The connection did not come about or broke; trying again may help. */
export class ConnectionFault extends Error {}

/** An error that socket.io gives for a connection: of the network, or the server's refusal. */
interface ConnectError extends Error {
  /** `TransportError` for faults of the network. */
  readonly type?: string;
  readonly description?: { readonly message?: string };
  /** What the server says besides. */
  readonly data?: { readonly code?: string; readonly message?: string };
}

/**
 * Connects to a socket.io namespace of the daemon, once: who wants to try again does so.
 *
 * @throws ConnectionFault for faults of the network; CommandError when the server refuses
 */
export async function connectSocket(address: DaemonAddress, namespace: string): Promise<Socket> {
  const { url, token } = address;
  const socket = io(url + namespace, {
    auth: { protocol: PROTOCOL_VERSION, ...(token !== undefined && { token }) },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_TIMEOUT_MS,
    autoConnect: false,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: ConnectError) => reject(connectFault(error, token)));
      socket.connect();
    });
    return socket;
  } catch (error) {
    socket.disconnect();
    throw error;
  }
}

function connectFault({ message, type, description, data }: ConnectError, token: string | undefined): Error {
  if (type === 'TransportError' || message === 'timeout') {
    return new ConnectionFault(description?.message || message);
  }
  if (message === 'unauthorized') {
    const what = token === undefined ? 'this needs the admin token' : 'not the admin token';
    return new CommandError({ code: 'unauthorized', message: what, hint: TOKEN_HINT });
  }
  return new CommandError({ code: data?.code ?? 'refused', message: data?.message ?? message });
}
