import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { type AttachBtf, SECTION_DEFS, type SectionDef, type SectionKind } from './section-defs';
import { legacySectionDef } from './section-legacy';
import type { AttachType, ProgType } from './uapi-enums';

/** BPF_PROG_LOAD: the program may sleep. */
export const BPF_F_SLEEPABLE = 1 << 4;
/** BPF_PROG_LOAD: the XDP program copes with packets in fragments. */
export const BPF_F_XDP_HAS_FRAGS = 1 << 5;

/** What the name of an ELF section says of the program in it. */
export interface SectionInfo {
  /** As written, with a leading `?`. */
  readonly section: string;
  readonly kind: SectionKind;
  readonly type: ProgType;
  readonly expectedAttachType: AttachType;
  /** What follows `name/`: the hook; empty when the section names none. */
  readonly attachTo: string;
  /** `?name`: not loaded unless asked for. */
  readonly optional: boolean;
  readonly sleepable: boolean;
  /** `prog_flags` that the section asks for: {@link BPF_F_SLEEPABLE}, {@link BPF_F_XDP_HAS_FRAGS}. */
  readonly flags: number;
  /** Set when the target is a type of the kernel's BTF. */
  readonly attachBtf?: AttachBtf;
}

/**
 * Reads an ELF section name as libbpf does (`sec_def_matches`): an exact name, or a name that allows a target and a
 * `/`. Errors: `section-unknown` (ESRCH) with the nearest names.
 */
export function parseSectionName(section: string): Result<SectionInfo> {
  const info = findSection(section);
  return info ? ok(info) : err(unknownSection(section));
}

/** {@link parseSectionName} for who has no use for the nearest names, which take a while to find. */
export function findSection(section: string): SectionInfo | undefined {
  const optional = section.startsWith('?');
  const name = optional ? section.slice(1) : section;
  const def = SECTION_DEFS.find((row) => matches(row, name));
  if (!def) return undefined;
  return {
    section,
    kind: def.kind,
    type: def.type,
    expectedAttachType: def.expectedAttachType,
    attachTo: name.slice(def.name.length + 1),
    optional,
    sleepable: def.sleepable,
    flags: (def.sleepable ? BPF_F_SLEEPABLE : 0) | (def.frags ? BPF_F_XDP_HAS_FRAGS : 0),
    ...(def.attachBtf && { attachBtf: def.attachBtf }),
  };
}

function matches(def: SectionDef, name: string): boolean {
  if (name === def.name) return true;
  return def.extras && name.startsWith(def.name) && name[def.name.length] === '/';
}

/** Longest name worth comparing; section names of programs are far shorter. */
const NAME_LENGTH_MAX = 64;
const NEAREST_COUNT = 3;
const ESRCH = 3;

function unknownSection(section: string): Diagnostic {
  return diagnostic('section-unknown', `section name '${shorten(section)}' stands for no program type`, {
    where: shorten(section),
    hint: sectionHint(section),
    errno: ESRCH,
  });
}

/** What to name a section that stands for nothing. */
export function sectionHint(section: string): string {
  const name = section.startsWith('?') ? section.slice(1) : section;
  const legacy = legacySectionDef(name);
  return legacy
    ? `libbpf before 1.0 took it as SEC("${legacy.name}")`
    : `nearest: ${nearestNames(name).join(', ')}`;
}

function shorten(name: string): string {
  return name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}…` : name;
}

/** By how near the words before the first `/` are, then the whole. */
function nearestNames(name: string): readonly string[] {
  const typed = name.slice(0, NAME_LENGTH_MAX);
  const scored = SECTION_DEFS.map((def) => ({
    label: def.extras ? `${def.name}/…` : def.name,
    head: editDistance(firstWord(typed), firstWord(def.name)),
    whole: editDistance(typed, def.name),
  }));
  scored.sort((a, b) => a.head - b.head || a.whole - b.whole);
  return scored.slice(0, NEAREST_COUNT).map((entry) => entry.label);
}

function firstWord(name: string): string {
  return name.split('/', 1)[0];
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
