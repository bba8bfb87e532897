import { PROTOCOL_VERSION } from '@probed/protocol';
import type { Namespace, Socket } from 'socket.io';
import type { AccessPort } from './ports';

export const CLIENTS_MAX = 256;

/** Refuses clients without the token, of another protocol, or beyond the limit, each by a `connect_error`. */
export function guardNamespace(namespace: Namespace, access: AccessPort): void {
  namespace.use((socket, next) => next(refusalOf(socket, namespace, access)));
}

function refusalOf(socket: Socket, namespace: Namespace, access: AccessPort): Error | undefined {
  const { token, protocol } = socket.handshake.auth;
  if (!access.checkToken(token)) {
    return refusal('unauthorized', 'connect with { auth: { token } }: the content of admin.token');
  }
  if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
    return refusal('protocol-mismatch', `this daemon speaks protocol ${PROTOCOL_VERSION}`);
  }
  if (namespace.sockets.size >= CLIENTS_MAX) {
    return refusal('too-many-clients', `${CLIENTS_MAX} clients are connected`);
  }
  return undefined;
}

/** What the client sees: `error.message` is the code, `error.data` says more. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(code), { data: { code, message } });
}
