/** Hooks fired by hand: events that a host makes up, in the name of tasks and with objects that it makes up. */
export { addressBytes } from './addresses';
export type { HookArguments } from './arguments';
export { FireContext, type Fired, type FiredRun, type FireSite } from './fire-context';
export { fireHook, type HookPayload } from './fire-hook';
export { type CallPart, fireKernelFunction, fireLsm, type HookCall } from './kernel-function';
export { KernelObjects } from './kernel-objects';
export { ObjectEncoder } from './object-encoder';
export type { HookSample } from './perf-event';
export { type HookValue, isMembers, Pointer } from './pointer';
export { fireSyscall } from './syscall';
export { fireUsdt } from './usdt-probe';
export { fireUserFunction } from './user-function';
export { anyWord } from './words';
