/**
 * The typed event bus of the emulated kernel: tracepoints, kernel and user functions, perf events.
 * Names and arguments follow Linux 6.18; see include/trace/events/ and Documentation/trace/.
 */
export { type FunctionCall, FunctionHook, type FunctionListener } from './function-hook';
export { HookBus, type HookEntry } from './hook-bus';
export type { Detach } from './listeners';
export type { PerfEventAttr, PerfEvents, PerfListener, PerfSample } from './perf-event';
export { type FieldValue, TracepointHook, type TracepointRow } from './tracepoint-hook';
export { parseUsdtArgs, type UsdtArg, type UsdtPlace } from './usdt-args';
export { type UsdtSite, type UserFunction, type UserImageEntry, UserImages } from './user-images';
