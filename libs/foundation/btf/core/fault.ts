import { type Diagnostic, diagnostic } from '@probed/base';

const EINVAL = 22;
const E2BIG = 7;
const ERANGE = 34;
const EOPNOTSUPP = 95;

/** A relocation that libbpf refuses, with the errno it returns. */
function fault(errno: number) {
  return (message: string, hint?: string): Diagnostic =>
    diagnostic('core-relocation', message, { errno, hint });
}

export const invalid = fault(EINVAL);
export const tooBig = fault(E2BIG);
export const outOfRange = fault(ERANGE);
export const unsupported = fault(EOPNOTSUPP);
