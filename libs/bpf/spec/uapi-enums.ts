import { BPF_ATTACH_TYPE, BPF_MAP_TYPE, BPF_PROG_TYPE } from '@probed/abi';

/** `enum bpf_prog_type`, include/uapi/linux/bpf.h, less its prefix. */
export const ProgType = BPF_PROG_TYPE;
export type ProgType = (typeof ProgType)[keyof typeof ProgType];

/** `enum bpf_attach_type`, less the `BPF_` prefix. */
export const AttachType = BPF_ATTACH_TYPE;
export type AttachType = (typeof AttachType)[keyof typeof AttachType];

/** `enum bpf_map_type`, less its prefix. */
export const MapType = BPF_MAP_TYPE;
export type MapType = (typeof MapType)[keyof typeof MapType];
