/** A byte of an object that a program can point to. */
export interface Place {
  /** `stack@SLOT` of a subprogram's frame, `map:NAME`, `ring@SLOT` of a reservation, `arg@SLOT:N` of a parameter. */
  readonly base: string;
  readonly offset: number;
}

/** What is known of a register or a spilled word. */
export interface AbstractValue {
  /** Values that it can have, when all are known. */
  readonly consts?: readonly number[];
  /** Where it can point to, when all places are known. */
  readonly places?: readonly Place[];
  /** The maps that it can be, when all are known. */
  readonly maps?: readonly string[];
  /** Slots of the instructions that computed it, moves and spills aside. */
  readonly from: readonly number[];
}

/** More alternatives than this count as unknown. */
const ALTERNATIVES_MAX = 4;
const ORIGINS_MAX = 4;

const NOTHING: readonly number[] = [];

/** Nothing is known but where it comes from. */
export function unknown(from?: number): AbstractValue {
  return { from: from === undefined ? NOTHING : [from] };
}

export function constant(value: number, from: number): AbstractValue {
  return { consts: [value], from: [from] };
}

export function pointer(base: string, offset: number, from: number): AbstractValue {
  return { places: [{ base, offset }], from: [from] };
}

/** What holds whichever of two ways was taken. */
export function joined(a: AbstractValue, b: AbstractValue): AbstractValue {
  if (a === b) return a;
  const from = union(a.from, b.from, (x) => x, ORIGINS_MAX) ?? a.from;
  // A null pointer from an untaken branch does not hide where the other goes.
  const consts = a.consts && b.consts && union(a.consts, b.consts, (x) => x, ALTERNATIVES_MAX);
  const [left, right] = [placesOf(a), placesOf(b)];
  const places = left && right && union(left, right, placeKey, ALTERNATIVES_MAX);
  const maps = a.maps && b.maps && union(a.maps, b.maps, (x) => x, ALTERNATIVES_MAX);
  return {
    from,
    ...(consts && { consts }),
    ...(!consts && places && places.length > 0 && { places }),
    ...(maps && { maps }),
  };
}

const NO_PLACES: readonly Place[] = [];

function placesOf({ places, consts }: AbstractValue): readonly Place[] | undefined {
  return places ?? (consts?.length === 1 && consts[0] === 0 ? NO_PLACES : undefined);
}

function placeKey({ base, offset }: Place): string {
  return `${base}+${offset}`;
}

function union<T>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (item: T) => unknown,
  max: number,
): readonly T[] | undefined {
  const known = new Set(a.map(keyOf));
  const more = b.filter((item) => !known.has(keyOf(item)));
  if (more.length === 0) return a;
  return a.length + more.length <= max ? [...a, ...more] : undefined;
}

/** Whether a join told nothing new. */
export function same(a: AbstractValue, b: AbstractValue): boolean {
  return (
    a === b ||
    (sameList(a.consts, b.consts, (x) => x) &&
      sameList(a.places, b.places, placeKey) &&
      sameList(a.maps, b.maps, (x) => x) &&
      a.from.length === b.from.length)
  );
}

function sameList<T>(
  a: readonly T[] | undefined,
  b: readonly T[] | undefined,
  keyOf: (item: T) => unknown,
): boolean {
  if (a === b) return true;
  return !!a && !!b && a.length === b.length && a.every((item, i) => keyOf(item) === keyOf(b[i]));
}

/** A pointer moved by bytes; a number with them added. */
export function moved(value: AbstractValue, bytes: number, slot: number): AbstractValue {
  if (value.places) {
    return {
      places: value.places.map(({ base, offset }) => ({ base, offset: offset + bytes })),
      from: [slot],
    };
  }
  if (value.consts) return { consts: value.consts.map((item) => item + bytes), from: [slot] };
  return unknown(slot);
}
