import { nearest } from '@probed/base';
import type { Btf } from '../btf';
import { essentialName } from '../essential-name';
import type { BtfType } from '../types';
import { type Accessor, type AccessSpec, indexFits, parseAccessSpec } from './access-spec';
import { fieldsCompat, kindsCompat } from './compat';
import { coreCategory } from './kinds';
import { findTargetMember } from './match-spec';
import type { CoreRelo } from './types';

/** What a target kernel lacks of what a CO-RE relocation asks for, in words for people. */
export interface CoreGap {
  readonly kind: 'type' | 'member' | 'member-type' | 'enumerator' | 'other';
  /** What is asked for, e.g. `task_struct.state`, `enum bpf_func_id BPF_FUNC_ringbuf_output`. */
  readonly subject: string;
  /** One line, e.g. `struct task_struct has no member 'state' (has '__state')`. */
  readonly message: string;
}

/** How far a candidate follows the local access path, and what stops it there. */
interface Reach {
  readonly steps: number;
  readonly gap: CoreGap;
}

/** Says why a relocation that finds nothing in `target` does so; for one that would be found, `other`. */
export function explainCoreGap(local: Btf, target: Btf, relo: CoreRelo): CoreGap {
  const spec = parseAccessSpec(local, relo);
  const root = local.type(relo.typeId);
  const name = essentialName(root.name);
  const subject = spec.ok ? subjectOf(root, spec.value, relo.kind) : typeText(local, relo.typeId);
  if (!spec.ok) return { kind: 'other', subject, message: spec.error.message };
  const candidates = target.findAllByEssentialName(name).filter((id) => kindsCompat(root, target.type(id)));
  if (candidates.length === 0) return { kind: 'type', subject, message: missingType(target, root, name) };
  const category = coreCategory(relo.kind);
  if (category === 'enumval') return missingEnumerator(target, candidates, spec.value, subject);
  if (category !== 'field')
    return {
      kind: 'other',
      subject,
      message: `${typeText(local, relo.typeId)} is declared differently there`,
    };
  const reaches = candidates.map((id) => follow(spec.value, target, id, subject));
  return reaches.reduce((best, reach) => (reach.steps > best.steps ? reach : best)).gap;
}

function subjectOf(root: BtfType, { path }: AccessSpec, kind: number): string {
  const name = essentialName(root.name) || `(anonymous ${root.kind})`;
  if (coreCategory(kind) === 'type') return `${keyword(root)}${name}`;
  if (coreCategory(kind) === 'enumval') return path[0].name ?? name;
  return name + pathText(path);
}

/** `.a.b[3]`, without the index of the root itself. */
function pathText(path: readonly Accessor[]): string {
  return path
    .map(({ name, index }, i) => (name !== undefined ? `.${name}` : i > 0 ? `[${index}]` : ''))
    .join('');
}

function keyword({ kind }: BtfType): string {
  return kind === 'enum64' ? 'enum ' : kind === 'typedef' || kind === 'int' ? '' : `${kind} `;
}

function missingType(target: Btf, root: BtfType, name: string): string {
  const other = target.findAllByName(name).map((id) => target.type(id));
  const instead = other.find(({ kind }) => kind !== 'func' && kind !== 'var');
  if (instead?.kind === 'fwd') return `${keyword(root)}${name} is only declared, not defined`;
  return `no ${keyword(root)}${name}${instead ? ` (there it is a ${instead.kind})` : ''}`;
}

function missingEnumerator(
  target: Btf,
  candidates: readonly number[],
  { btf, path }: AccessSpec,
  subject: string,
): CoreGap {
  const wanted = essentialName(path[0].name ?? '');
  const names = candidates.flatMap((id) => {
    const type = target.resolve(id);
    return type.kind === 'enum' || type.kind === 'enum64' ? type.values.map((value) => value.name) : [];
  });
  const message = `enum ${essentialName(btf.type(path[0].typeId).name)} has no '${wanted}'${nearText(wanted, names)}`;
  return { kind: 'enumerator', subject, message };
}

/** Walks the path through one candidate until it ends. */
function follow({ btf: local, path }: AccessSpec, target: Btf, rootId: number, subject: string): Reach {
  let typeId = rootId;
  let holder: Accessor = { typeId: rootId, index: 0 };
  for (const [steps, accessor] of path.entries()) {
    const stop = (kind: CoreGap['kind'], message: string): Reach => ({
      steps,
      gap: { kind, subject, message },
    });
    const reached = pathText(path.slice(0, steps));
    if (accessor.name === undefined) {
      typeId = target.skipModifiers(typeId);
      if (steps === 0) continue;
      const array = target.type(typeId);
      const whole = essentialName(target.type(rootId).name) + reached;
      if (array.kind !== 'array')
        return stop('member-type', `${whole} is no array but ${typeText(target, typeId)}`);
      if (!indexFits(target, holder, array, accessor.index))
        return stop(
          'member-type',
          `${whole} has ${array.count} elements, index ${accessor.index} is asked for`,
        );
      typeId = target.skipModifiers(array.elemTypeId);
      continue;
    }
    const found = findTargetMember(target, typeId, accessor.name, new Set());
    if (!found) return stop('member', missingMember(target, rootId, typeId, reached, accessor.name));
    const parent = local.type(accessor.typeId);
    const localTypeId = 'members' in parent ? parent.members[accessor.index].typeId : 0;
    if (!fieldsCompat(local, localTypeId, target, found.member.typeId)) {
      const whole = `${keyword(target.type(rootId))}${essentialName(target.type(rootId).name)}${reached}`;
      const [there, here] = [typeText(target, found.member.typeId), typeText(local, localTypeId)];
      return stop('member-type', `${whole}.${accessor.name} is ${there}, the program takes it for ${here}`);
    }
    holder = { typeId: found.parent.id, index: found.index, name: accessor.name };
    typeId = found.member.typeId;
  }
  const size =
    'it has a size there that the program cannot read as it is compiled (signed, or no 1, 2, 4 or 8 bytes)';
  return { steps: path.length, gap: { kind: 'member-type', subject, message: `${subject}: ${size}` } };
}

function missingMember(target: Btf, rootId: number, typeId: number, reached: string, name: string): string {
  const root = target.type(rootId);
  const type = target.resolve(typeId);
  const of = reached === '' ? '' : `${essentialName(root.name)}${reached}, `;
  const text =
    reached !== '' && type.name === ''
      ? `${essentialName(root.name)}${reached}`
      : of + typeText(target, typeId);
  if (type.kind !== 'struct' && type.kind !== 'union')
    return `${text} has no members ('${name}' is asked for)`;
  return `${text} has no member '${name}'${whereInstead(target, type.id, name)}`;
}

/** A member that may have taken its place: the same name one struct deeper, or a similar name beside it. */
function whereInstead(btf: Btf, structId: number, name: string): string {
  const beside = membersOf(btf, structId);
  const underscored = beside.find((member) => bare(member.name) === bare(name));
  if (underscored) return ` (has '${underscored.name}')`;
  for (const member of beside) {
    const inner = btf.resolve(member.typeId);
    if (inner.kind !== 'struct' && inner.kind !== 'union') continue;
    if (membersOf(btf, inner.id).some((other) => other.name === name))
      return ` (has '${member.name}.${name}')`;
  }
  return nearText(
    name,
    beside.map((member) => member.name),
  );
}

const bare = (name: string): string => name.replace(/^_+/, '');

/** Named members, those of anonymous structs and unions included. */
function membersOf(btf: Btf, structId: number): { name: string; typeId: number }[] {
  const type = btf.resolve(structId);
  if (type.kind !== 'struct' && type.kind !== 'union') return [];
  return type.members.flatMap((member) => (member.name ? [member] : membersOf(btf, member.typeId)));
}

/** Only names that differ in little; what merely contains the word is another thing. */
function nearText(name: string, names: readonly string[]): string {
  const [best] = nearest(name, names);
  if (best === undefined || Math.abs(best.length - name.length) > LENGTH_DIFFERENCE_MAX) return '';
  return ` (has '${best}')`;
}

const LENGTH_DIFFERENCE_MAX = 6;
const TEXT_DEPTH_MAX = 8;

/** A type as C would name it, e.g. `struct foo`, `unsigned int`, `struct file *`, `long[4]`. */
function typeText(btf: Btf, id: number, depth = 0): string {
  const type = btf.resolve(id);
  if (depth > TEXT_DEPTH_MAX) return '…';
  switch (type.kind) {
    case 'ptr': {
      const pointee = typeText(btf, type.typeId, depth + 1);
      return pointee.endsWith('*') ? `${pointee}*` : `${pointee} *`;
    }
    case 'array':
      return `${typeText(btf, type.elemTypeId, depth + 1)}[${type.count}]`;
    case 'fwd':
      return `${type.of} ${type.name}`;
    case 'func_proto':
      return 'a function';
    default:
      return `${keyword(type)}${essentialName(type.name) || '(anonymous)'}`;
  }
}
