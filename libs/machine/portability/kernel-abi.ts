import type { Btf } from '@probed/btf';
import { AttachType, helperById, MapType, ProgType } from '@probed/spec';
import type { Gap } from './gap';

/** Sentinels such as `__BPF_FUNC_MAX_ID` and `__MAX_BPF_MAP_TYPE`, which number what comes next. */
const isSentinel = (name: string): boolean => name.startsWith('__');

/**
 * What a kernel's bpf(2) knows, from the enums in its BTF (include/uapi/linux/bpf.h). An enum that the BTF lacks, as a
 * cut-down one does, says nothing: everything counts as known.
 */
export class KernelAbi {
  private readonly helpers: ReadonlySet<number> | undefined;
  private readonly maps: ReadonlySet<number> | undefined;
  private readonly programs: ReadonlySet<number> | undefined;
  private readonly attachments: ReadonlySet<number> | undefined;

  constructor(btf: Btf) {
    this.helpers = valuesOf(btf, 'bpf_func_id');
    this.maps = valuesOf(btf, 'bpf_map_type');
    this.programs = valuesOf(btf, 'bpf_prog_type');
    this.attachments = valuesOf(btf, 'bpf_attach_type');
  }

  /** False for a helper that Linux has and this kernel has not; numbers that no kernel has are the verifier's matter. */
  hasHelper(id: number): boolean {
    return !this.helpers || this.helpers.has(id) || helperById(id) === undefined;
  }

  missingMapType(type: number, map: string): Gap | undefined {
    if (!this.maps || this.maps.has(type)) return undefined;
    const subject = `BPF_MAP_TYPE_${nameIn(MapType, type)}`;
    return { kind: 'map-type', subject, message: `no ${subject}, which map '${map}' is of` };
  }

  missingProgramType(type: number): Gap | undefined {
    if (!this.programs || this.programs.has(type)) return undefined;
    const subject = `BPF_PROG_TYPE_${nameIn(ProgType, type)}`;
    return { kind: 'program-type', subject, message: `no programs of type ${subject}` };
  }

  missingAttachType(type: number): Gap | undefined {
    // 0 is what program types without attach types have.
    if (type === 0 || !this.attachments || this.attachments.has(type)) return undefined;
    const subject = `BPF_${nameIn(AttachType, type)}`;
    return { kind: 'attach-type', subject, message: `no attach type ${subject}` };
  }
}

function valuesOf(btf: Btf, name: string): ReadonlySet<number> | undefined {
  const id = btf.findByName(name, 'enum');
  const type = id === undefined ? undefined : btf.type(id);
  if (type?.kind !== 'enum') return undefined;
  return new Set(type.values.filter((value) => !isSentinel(value.name)).map(({ value }) => value));
}

function nameIn(table: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(table).find((name) => table[name] === value) ?? String(value);
}
