/**
 * The emulated Linux kernel in the small: tasks, credentials, namespaces, cgroups, VFS, sockets, scheduler, syscalls,
 * in virtual time. Canonical spec: Linux 6.18 x86-64 (kernel/, fs/, net/, mm/) and its UAPI headers.
 */
export { Kernel } from './kernel';
export type { KernelApi, KernelOptions, KernelSymbols, TaskIdentity, UserSymbol } from './kernel-api';
export type { CgroupOrder, KernelObjects, SocketKind, ThreadObject } from './kernel-objects';
export { dnsAnswer, dnsQuery, firstAddress } from './net/dns';
export { formatIp, parseIp } from './net/endpoint';
export type { RemoteHost, Reply, Service } from './net/remote-host';
export { connectTcp, resolveName, sslHandshake, sslRead, sslWrite } from './programs/network-tools';
export type { Sys } from './sched/task-program';
export { CAP_CONTAINER } from './task/cred';
export { inContextOf, outOfContext } from './task/in-context';
export type { Launch } from './task/launch';
export { createStandIn, placeUserBytes, type StandIn } from './task/stand-in';
export type { Task } from './task/task';
export type { UserContext } from './user/context';
export { type DrivenProcess, type Driver, TaskExited } from './user/driven';
export type { ImageSpec } from './user/image';
export type { Main, Program } from './user/programs';
export { hitProbe } from './user/usdt';
export { databaseTree, shellTree, webTree } from './vfs/images/containers';
export { USERLAND, type UserlandTool } from './vfs/images/userland';
export { createStdio, type Stdio } from './vfs/stdio';
export type { FileTree } from './vfs/tree';
export { createTty, type Tty } from './vfs/tty';
