import { type HelperArg, MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import type { CallMeta } from './call-meta';

/** `resolve_map_arg_type`: the value of a map of sockets is a socket; a Bloom filter is asked, not read. */
export function resolveMapValueArg(env: VerifierEnv, arg: HelperArg, meta: CallMeta): HelperArg {
  const type = meta.map?.type;
  if (type === MapType.BLOOM_FILTER && meta.proto.name === 'map_peek_elem') return MAP_VALUE;
  if (type !== MapType.SOCKMAP && type !== MapType.SOCKHASH) return arg;
  if (!arg.flags?.length) return SOCK_COMMON;
  env.reject('EINVAL', 'invalid arg_type for sockmap/sockhash');
}

const MAP_VALUE: HelperArg = { type: 'PTR_TO_MAP_VALUE' };
const SOCK_COMMON: HelperArg = { type: 'PTR_TO_BTF_ID_SOCK_COMMON' };
