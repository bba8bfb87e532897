/**
 * The emulated kernel's physical memory: the one owner of `WebAssembly.Memory`, its views, and its allocator.
 * Addresses follow Documentation/arch/x86/x86_64/mm.rst (direct map at 0xffff888000000000).
 */
export { addressOf, DIRECT_MAP_BASE, DIRECT_MAP_HI, offsetOf } from './address';
export { KernelMemory, MemoryLimitError, PAGE_BYTES, RESERVED_BYTES } from './kernel-memory';
