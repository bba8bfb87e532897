import type { IncomingHttpHeaders } from 'node:http';
import type { MapInfo } from '@probed/protocol';
import type { Observable } from 'rxjs';
import { KernelPort, StorePort } from '../programs/ports';

/** The kernel thread's client, as far as the gateways need it. */
export abstract class StreamKernel extends KernelPort {
  abstract override readonly state: KernelPort['state'] & { readonly last_error?: string };
  abstract readonly changes: Observable<unknown>;
}

/** The store thread's client, as far as the gateways need it. */
export abstract class StreamStore extends StorePort {
  abstract readonly state: { readonly state: 'ok' | 'failing' | 'closed'; readonly error?: string };
  abstract readonly changes: Observable<unknown>;
}

/** Which maps there are. */
export abstract class MapDirectory {
  /** By decimal id, or by name. */
  abstract findMap(nameOrId: string): MapInfo | undefined;
}

/** Who may use the daemon. */
export abstract class AccessPort {
  /** Whether Host and Origin are ours. */
  abstract checkOrigin(
    headers: IncomingHttpHeaders,
  ): { readonly code: string; readonly message: string } | undefined;
  abstract checkToken(token: unknown): boolean;
}
