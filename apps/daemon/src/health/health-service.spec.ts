import { health as healthSchema } from '@probed/protocol';
import { FakeKernel } from '../programs/testing';
import { ThreadUnavailable } from '../threads/rpc';
import { HealthService, type HealthSources } from './health-service';

type State = 'running' | 'busy' | 'restarting' | 'failed';

const RECORDS = {
  total: 5,
  per_second: 1.5,
  lost: 1,
  dropped: 2,
  queued: 3,
  queue_max: 9,
  store: 'ok',
} as const;

function service(
  state: State,
  records: Partial<ReturnType<HealthSources['records']>> = {},
  storeState: 'ok' | 'closed' = 'ok',
) {
  const kernel = Object.assign(new FakeKernel(), {
    state: {
      state,
      boot: 'b1',
      busy_ms: 0,
      booted_at: '2026-01-01T00:00:00Z',
      restarts: 2,
      last_error: 'why',
    },
  });
  const health = new HealthService({
    kernel,
    store: async () => ({ state: storeState, file: '/x/probed.db', file_bytes: 1, records: 2 }),
    records: () => ({ ...RECORDS, ...records }),
    stream: () => ({ clients: 1, subscriptions: 2, dropped: 0 }),
  });
  return { kernel, health };
}

test.each<[State, 'ok' | 'failing', 'ok' | 'closed', string, string | undefined]>([
  ['running', 'ok', 'ok', 'ok', undefined],
  ['busy', 'ok', 'ok', 'degraded', 'kernel busy'],
  ['restarting', 'ok', 'ok', 'degraded', 'kernel restarting'],
  ['failed', 'ok', 'ok', 'degraded', 'kernel failed'],
  ['running', 'failing', 'ok', 'degraded', 'store failing: disk full'],
  ['running', 'ok', 'closed', 'degraded', undefined],
])('kernel %s, pipeline %s, store %s: %s', async (state, pipeline, store, status, complaint) => {
  const { health } = service(
    state,
    { store: pipeline, ...(pipeline === 'failing' && { error: 'disk full' }) },
    store,
  );
  const told = await health.health();
  expect(healthSchema.safeParse(told).error).toBeUndefined();
  expect(told.status).toBe(status);
  expect(health.complaint()).toBe(complaint);
  if (pipeline === 'failing') expect(told.store).toMatchObject({ state: 'failing', error: 'disk full' });
  expect(told.store).toMatchObject({ queued: 3, queue_max: 9, dropped: 2, file_bytes: 1 });
});

test('a kernel that does not answer in time is reported with its last figures', async () => {
  const { kernel, health } = service('running');
  kernel.handlers.status = () => ({ virtual_ns: 0, lag_ms: 7, memory_bytes: 8, release: '5.10' });
  await health.health();
  kernel.handlers.status = () => {
    throw new ThreadUnavailable('kernel-busy', 'busy');
  };
  expect((await health.health()).kernel).toMatchObject({
    lag_ms: 7,
    memory_bytes: 8,
    release: '5.10',
    restarts: 2,
  });
});
