import { Btf, BtfBuilder, type BtfMember, type BtfStruct, type BtfUnion } from '@probed/btf';

const PAD_BYTES = 8;
const BIT_FIELD_UNIT_BYTES = 8;

interface Shape {
  readonly size: number;
  readonly members: readonly BtfMember[];
}

/**
 * The BTF of a kernel whose structs of the given names have their members in another order and further apart, as with
 * CONFIG_RANDSTRUCT; structs that hold one of them grow with it. All ids stay. What C code relies on stays too: the first
 * member is what pointers are cast to, a flexible array comes last.
 *
 * @param random a number below its argument
 */
export function shuffledBtf(of: Btf, names: ReadonlySet<string>, random: (below: number) => number): Btf {
  const layout = new Layout(of, names, random);
  const builder = new BtfBuilder();
  for (let id = 1; id < of.typeCount; id++) {
    const type = of.type(id);
    const shape = type.kind === 'struct' || type.kind === 'union' ? layout.shape(type) : undefined;
    if (shape && type.kind === 'struct') builder.struct(type.name, shape.size, shape.members);
    else if (shape) builder.union((type as BtfUnion).name, shape.size, shape.members);
    else builder.append(of, id);
  }
  const parsed = Btf.parse(builder.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

class Layout {
  private readonly shapes = new Map<number, Shape | undefined>();

  constructor(
    private readonly btf: Btf,
    private readonly names: ReadonlySet<string>,
    private readonly random: (below: number) => number,
  ) {}

  /** Undefined for what stays as it is. */
  shape(type: BtfStruct | BtfUnion): Shape | undefined {
    if (!this.shapes.has(type.id)) this.shapes.set(type.id, this.layOut(type));
    return this.shapes.get(type.id);
  }

  private layOut(type: BtfStruct | BtfUnion): Shape | undefined {
    const shuffled = type.kind === 'struct' && this.names.has(type.name);
    if (!shuffled && type.members.every(({ typeId }) => this.sizeOf(typeId) === this.btf.sizeOf(typeId)))
      return undefined;
    if (type.kind === 'union') {
      const size = Math.max(type.size, ...type.members.map(({ typeId }) => this.sizeOf(typeId)));
      return { size, members: type.members };
    }
    return this.place(type, shuffled ? this.shuffle(blocksOf(type)) : blocksOf(type), shuffled);
  }

  /** All but the first and a flexible array at the end change places. */
  private shuffle(blocks: readonly Block[]): readonly Block[] {
    const flexible = blocks.length > 1 && this.isFlexible(blocks[blocks.length - 1][0]);
    const end = flexible ? blocks.length - 1 : blocks.length;
    const middle = blocks.slice(1, end);
    for (let i = middle.length - 1; i > 0; i--) {
      const j = this.random(i + 1);
      [middle[i], middle[j]] = [middle[j], middle[i]];
    }
    return [...blocks.slice(0, 1), ...middle, ...blocks.slice(end)];
  }

  private isFlexible({ typeId }: BtfMember): boolean {
    const type = this.btf.resolve(typeId);
    return type.kind === 'array' && type.count === 0;
  }

  private place(type: BtfStruct, blocks: readonly Block[], padded: boolean): Shape {
    const widest = Math.max(this.btf.alignOf(type.id), 1);
    const placed = new Map<BtfMember, BtfMember>();
    let end = 0;
    for (const [i, block] of blocks.entries()) {
      const [{ offsetBits, bits, typeId }] = block;
      const align = bits > 0 ? BIT_FIELD_UNIT_BYTES : this.btf.alignOf(typeId);
      // Anonymous structs may be over-aligned; that of the whole does for all.
      const start = roundUp(end + (padded && i > 0 ? PAD_BYTES : 0), bits > 0 ? align : Math.max(align, 8));
      const unit = bits > 0 ? Math.floor(offsetBits / 64) * 64 : offsetBits;
      for (const member of block)
        placed.set(member, { ...member, offsetBits: start * 8 + member.offsetBits - unit });
      const last = block[block.length - 1];
      end =
        bits > 0 ? start + Math.ceil((last.offsetBits + last.bits - unit) / 8) : start + this.sizeOf(typeId);
    }
    return {
      size: roundUp(end, Math.max(widest, 8)),
      members: type.members.map((member) => placed.get(member)!).sort((a, b) => a.offsetBits - b.offsetBits),
    };
  }

  private sizeOf(id: number): number {
    const type = this.btf.resolve(id);
    if (type.kind === 'array') return type.count * this.sizeOf(type.elemTypeId);
    if (type.kind === 'struct' || type.kind === 'union') return this.shape(type)?.size ?? type.size;
    return this.btf.sizeOf(id);
  }
}

/** Members that move together: neighbouring bit fields, else one. */
type Block = readonly BtfMember[];

function blocksOf({ members }: BtfStruct): Block[] {
  const blocks: BtfMember[][] = [];
  for (const member of members) {
    const before = blocks.at(-1);
    if (before && before[0].bits > 0 && member.bits > 0) before.push(member);
    else blocks.push([member]);
  }
  return blocks;
}

function roundUp(bytes: number, align: number): number {
  return Math.ceil(bytes / align) * align;
}
