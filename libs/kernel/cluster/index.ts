/**
 * A cluster in the small: nodes with one virtual clock, pods and containers on them, exec sessions and the audit of
 * what runs in those. Names and words follow Kubernetes 1.35 (kubelet, containerd, kubectl).
 */
export { Cluster, type ClusterNode } from './cluster';
export type { Container } from './container';
export type { ExecRequest, ExecSession } from './exec-session';
export { createPod, type Pod, type PodOptions } from './pod';
export type { ContainerIdentity, ContainerSpec, PodSpec } from './pod-spec';
export type { BuiltinNote, LineNote, SessionCommand, SessionEvent } from './session-event';
export { connectNode, outsideNames, webService, type Zone } from './surroundings';
