import { BLOCKS } from './blocks';
import { COMPARING } from './comparing';
import { COUNTING } from './counting';
import { DUMPING } from './dumping';
import { FILES } from './files';
import { FINDING } from './finding';
import { IDENTITY } from './identity';
import { LISTING } from './listing';
import { MERGING } from './merging';
import { NETWORK } from './network';
import { PACKAGES } from './packages';
import { PROCESSES } from './processes';
import { RESOURCES } from './resources';
import type { ToolTable } from './tool';
import { WEB } from './web';
import { XARGS } from './xargs';

/** Tools of our own: what just-bash lacks, and what has to stream or to show owners, processes and the network. */
export const TOOLS: ToolTable = {
  ...LISTING,
  ...FILES,
  ...FINDING,
  ...COMPARING,
  ...COUNTING,
  ...BLOCKS,
  ...MERGING,
  ...DUMPING,
  ...IDENTITY,
  ...PROCESSES,
  ...RESOURCES,
  ...XARGS,
  ...WEB,
  ...NETWORK,
  ...PACKAGES,
};

/** Tools that just-bash implements. */
export const JUST_BASH_TOOLS: readonly string[] =
  `awk base64 basename chmod column comm cp cut dirname du egrep expand expr fgrep file fold grep gunzip gzip join
  jq ln md5sum mkdir mv nl readlink rev rm rmdir sed seq sha1sum sha256sum sort split strings tac tar tee tr
  tree unexpand uniq zcat`.split(/\s+/);
