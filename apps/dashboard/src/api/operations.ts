import type { OperationId, ROUTES } from '@probed/protocol';

type Line = {
  readonly [O in OperationId]: {
    readonly method: (typeof ROUTES)[O]['method'];
    readonly path: (typeof ROUTES)[O]['path'];
  };
};

/**
 * The operations that the page uses. The schemas themselves stay out of the bundle: only their types are imported, and
 * the compiler compares each line with them.
 */
export const OPERATIONS = {
  uploadProgram: { method: 'POST', path: '/programs' },
  listObjects: { method: 'GET', path: '/objects' },
  unloadObject: { method: 'DELETE', path: '/objects/{id}' },
  listPrograms: { method: 'GET', path: '/programs' },
  dumpProgram: { method: 'GET', path: '/programs/{id}/dump' },
  programLog: { method: 'GET', path: '/programs/{id}/log' },
  unloadProgram: { method: 'DELETE', path: '/programs/{id}' },
  listLinks: { method: 'GET', path: '/links' },
  attach: { method: 'POST', path: '/links' },
  detach: { method: 'DELETE', path: '/links/{id}' },
  listMaps: { method: 'GET', path: '/maps' },
  listRecords: { method: 'GET', path: '/records' },
  listPods: { method: 'GET', path: '/pods' },
  listExecSessions: { method: 'GET', path: '/exec-sessions' },
  getExecSession: { method: 'GET', path: '/exec-sessions/{id}' },
  getWorkload: { method: 'GET', path: '/workload' },
  health: { method: 'GET', path: '/health' },
} as const satisfies Partial<Line>;

export type UsedOperation = keyof typeof OPERATIONS;
