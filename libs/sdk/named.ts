import { suggestion } from '@probed/base';
import { fail } from './errors';

/** What a proxy of named things does with a name. */
export interface NamedAccess<T> {
  names(): readonly string[];
  get(name: string): T;
  set?(name: string, value: unknown): void;
}

const ENOENT = 2;

/** Names that runtimes and test frameworks ask every object for. */
const ASKED_OF_ALL: ReadonlySet<string> = new Set([
  'then',
  'toJSON',
  'asymmetricMatch',
  'nodeType',
  '$$typeof',
  'constructor',
]);

/**
 * An object whose properties are named things, looked up when asked for: `spec.maps.events`, `coll.variables.total`.
 * A name that is not there is the caller's fault, with the nearest names.
 */
export function namedObject<T>(what: string, access: NamedAccess<T>): { [name: string]: T } {
  const known = (name: string) => access.names().includes(name);
  const need = (name: string) => {
    if (known(name)) return;
    const hint = suggestion(name, access.names()) ?? 'there are none';
    fail('no-such-name', `no ${what} ${name}`, { errno: ENOENT, hint });
  };
  return new Proxy<{ [name: string]: T }>(
    {},
    {
      get(target, name) {
        if (typeof name === 'symbol') return Reflect.get(target, name);
        if (!known(name) && (ASKED_OF_ALL.has(name) || name in Object.prototype || name.startsWith('@@')))
          return Reflect.get(target, name);
        need(name);
        return access.get(name);
      },
      set(_target, name, value) {
        need(String(name));
        if (!access.set) fail('read-only', `${what} ${String(name)} is not set as a whole`);
        access.set(String(name), value);
        return true;
      },
      has: (_target, name) => typeof name === 'string' && known(name),
      ownKeys: () => [...new Set(access.names())],
      getOwnPropertyDescriptor(_target, name) {
        if (typeof name === 'symbol' || !known(name)) return undefined;
        return {
          value: access.get(name),
          enumerable: true,
          configurable: true,
          writable: access.set !== undefined,
        };
      },
    },
  );
}
