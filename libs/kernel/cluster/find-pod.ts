import type { Pod } from './pod';

/** What a pod's name in a request leads to. */
export type PodSearch =
  | { readonly pod: Pod }
  | { readonly notFound: string; readonly namespace: string }
  | { readonly ambiguous: readonly Pod[] };

const KIND_PREFIX = /^pods?\//;

/**
 * Finds the pod that `NAME`, `pod/NAME` or `NAMESPACE/NAME` means: by its whole name, else by a beginning of it that
 * only pods of one workload have, and then the first of those.
 */
export function findPod(pods: Iterable<Pod>, text: string, namespace?: string): PodSearch {
  const bare = text.replace(KIND_PREFIX, '');
  const slash = bare.indexOf('/');
  const name = bare.slice(slash + 1);
  const wanted = namespace ?? (slash > 0 ? bare.slice(0, slash) : undefined);
  const candidates = [...pods].filter((pod) => wanted === undefined || pod.namespace === wanted);
  const exact = candidates.filter((pod) => pod.name === name);
  const found = exact.length > 0 ? exact : name === '' ? [] : candidates.filter((pod) => begins(pod, name));
  if (found.length === 0) return { notFound: name, namespace: wanted ?? 'default' };
  // As kubectl does without --namespace.
  const preferred = found.filter((pod) => pod.namespace === 'default');
  const choice = preferred.length > 0 ? preferred : found;
  if (new Set(choice.map(workload)).size > 1) return { ambiguous: choice };
  return { pod: choice[0] };
}

function begins(pod: Pod, name: string): boolean {
  return pod.name.startsWith(name);
}

/** Pods that differ only behind the last hyphen are replicas of one workload. */
function workload(pod: Pod): string {
  return `${pod.namespace}/${pod.name.replace(/-[^-]*$/, '')}`;
}
