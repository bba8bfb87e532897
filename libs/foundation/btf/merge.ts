import type { Result } from '@probed/base';
import { Btf } from './btf';
import { BtfBuilder } from './builder';
import { dedupBtf } from './dedup/dedup';

/**
 * The types of several BTF one behind the other, with ids and strings made one numbering; nothing is merged yet.
 * tools/lib/bpf/btf.c: btf__add_btf.
 *
 * @param base what all of them are split from, if they are
 * @returns bytes of a `.BTF` section
 */
export function concatBtf(parts: readonly Btf[], base?: Btf): Uint8Array {
  const builder = new BtfBuilder(base);
  for (const part of parts) {
    const from = builder.nextId;
    const { firstId } = part;
    for (let id = firstId; id < part.typeCount; id++) builder.append(part, id);
    builder.remap(from, (id) => (id < firstId ? id : id - firstId + from));
  }
  return builder.finish();
}

/**
 * The types of several BTF in one, each once: {@link concatBtf}, then {@link dedupBtf}.
 *
 * @returns bytes of a `.BTF` section. Errors: `btf-malformed` when there are too many types, and those of dedupBtf
 */
export function mergeBtf(parts: readonly Btf[], base?: Btf): Result<Uint8Array> {
  const all = Btf.parse(concatBtf(parts, base), base);
  return all.ok ? dedupBtf(all.value) : all;
}
