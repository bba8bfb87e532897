import { type Diagnostic, diagnostic, err, type Result } from '@probed/base';

const EINVAL = 22;

/** A fault in a map's definition. */
function mapFault(map: string, message: string, errno = EINVAL): Diagnostic {
  return diagnostic('map-definition', message, { where: `map '${map}'`, errno });
}

export function mapError(map: string, message: string, errno = EINVAL): Result<never> {
  return err(mapFault(map, message, errno));
}
