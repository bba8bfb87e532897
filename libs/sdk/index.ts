/** The public library, `import … from 'probed'`: a machine to load eBPF objects into, in the spirit of libbpf and cilium/ebpf. */
export { Machine } from '@probed/machine';
