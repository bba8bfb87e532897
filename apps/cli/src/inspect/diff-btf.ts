import { type Btf, commonComposites, diffLayout, type LayoutDiff, type MemberSide } from '@probed/btf';
import { CommandFailed, fail } from '../errors';
import { btfOfFile } from '../input/btf-file';
import { TextWriter } from '../output/text-writer';

export interface DiffBtfOptions {
  readonly json?: boolean;
}

/** `probectl btf diff`. */
export async function diffBtf(
  beforePath: string,
  afterPath: string,
  types: readonly string[],
  options: DiffBtfOptions,
): Promise<void> {
  const [before, after] = [btfOfFile(beforePath), btfOfFile(afterPath)];
  const names = types.map((type) => type.replace(/^(struct|union) +/, ''));
  for (const name of names)
    if (![before, after].some((btf) => has(btf, name)))
      fail('btf-type', `neither ${beforePath} nor ${afterPath} has a struct or union ${name}`);
  const lines: string[] = [];
  for (const name of names.length > 0 ? names : commonComposites(before, after)) {
    const diff = diffLayout(before, after, name);
    if (diff) lines.push(options.json ? JSON.stringify(diffDocument(diff)) : diffText(diff));
  }
  await new TextWriter().writeLines(lines);
  if (lines.length > 0) throw new CommandFailed();
}

function has(btf: Btf, name: string): boolean {
  return btf.findByName(name, 'struct') !== undefined || btf.findByName(name, 'union') !== undefined;
}

/** `struct sock: 760 -> 776 bytes`, then a line a member. */
function diffText({ kind, name, sizeBefore, sizeAfter, members }: LayoutDiff): string {
  const bytes = (size: number | undefined) => (size === undefined ? 'missing' : `${size} bytes`);
  const size = sizeBefore === sizeAfter ? bytes(sizeAfter) : `${bytes(sizeBefore)} -> ${bytes(sizeAfter)}`;
  const lines = members.map(({ name: member, before, after }) => {
    if (!before) return `  + ${sideText(member, after)}`;
    if (!after) return `  - ${sideText(member, before)}`;
    const retyped = before.type === after.type ? '' : `, ${before.type} -> ${after.type}`;
    const moved = place(before) === place(after) ? place(after) : `${place(before)} -> ${place(after)}`;
    return `  ~ ${member}: ${moved}${retyped}`;
  });
  return [`${kind} ${name}: ${size}`, ...lines].join('\n');
}

function sideText(member: string, side: MemberSide | undefined): string {
  return side ? `${member}: ${place(side)}, ${side.type}` : member;
}

/** Byte offset; of bit fields, byte, bit and width. */
function place({ offsetBits, bits }: MemberSide): string {
  const byte = Math.floor(offsetBits / 8);
  return bits ? `${byte}:${offsetBits % 8}/${bits}` : `${byte}`;
}

function diffDocument({ kind, name, sizeBefore, sizeAfter, members }: LayoutDiff): object {
  const side = (of: MemberSide | undefined) =>
    of ? { bits_offset: of.offsetBits, bitfield_size: of.bits, size: of.size, type: of.type } : null;
  return {
    kind,
    name,
    size_before: sizeBefore ?? null,
    size_after: sizeAfter ?? null,
    members: members.map(({ name: member, before, after }) => ({
      name: member,
      before: side(before),
      after: side(after),
    })),
  };
}
