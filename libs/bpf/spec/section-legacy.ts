import { SECTION_DEFS, type SectionDef } from './section-defs';

/**
 * Sections that libbpf before 1.0 took by prefix, whatever followed (`SEC_SLOPPY_PFX` of libbpf 0.6 to 0.8, all rows
 * of earlier ones): `xdp_prog1` was XDP there and is nothing since. Names of rows in {@link SECTION_DEFS}.
 */
const SLOPPY: ReadonlySet<string> = new Set([
  'socket',
  'sk_reuseport/migrate',
  'sk_reuseport',
  'classifier',
  'action',
  'tc',
  'xdp',
  'perf_event',
  'lwt_in',
  'lwt_out',
  'lwt_xmit',
  'lwt_seg6local',
  'cgroup_skb/ingress',
  'cgroup_skb/egress',
  'cgroup/skb',
  'sockops',
  'sk_skb/stream_parser',
  'sk_skb/stream_verdict',
  'sk_skb',
  'sk_msg',
  'lirc_mode2',
  'flow_dissector',
  'sk_lookup',
]);

/** Names that libbpf before 1.0 had for rows of today. */
const RENAMED: readonly (readonly [prefix: string, name: string])[] = [
  ['xdp_devmap/', 'xdp/devmap'],
  ['xdp_cpumap/', 'xdp/cpumap'],
];

const sloppyDefs = SECTION_DEFS.filter(({ name }) => SLOPPY.has(name) || name.startsWith('cgroup/'));

/** The row that libbpf before 1.0 gave a section that libbpf of today does not know; undefined when it had none. */
export function legacySectionDef(section: string): SectionDef | undefined {
  const renamed = RENAMED.find(([prefix]) => section.startsWith(prefix));
  if (renamed) return SECTION_DEFS.find(({ name }) => name === renamed[1]);
  // The longest name wins over what it begins with, as the order of libbpf's rows has it.
  return sloppyDefs
    .filter(({ name }) => section.startsWith(name))
    .reduce<SectionDef | undefined>(
      (best, def) => (best && best.name.length >= def.name.length ? best : def),
      undefined,
    );
}
