import type { VerifierEnv } from '../../env';
import { typesOfMap } from '../../records/of-register';
import { RegBase } from '../../state/reg-type';
import { pushCallbackCall } from '../callbacks';
import { checkFieldOffset, checkMapFieldPointer } from '../map-field-arg';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';
import type { SpecialKfunc } from './special';

const SCHEDULE: SpecialKfunc = {
  asyncCallback: true,
  afterArgs: (env, meta) => pushCallbackCall(env, meta.subprogno, 'task_work'),
};

/** Work queues and task work: callbacks that run later, on the value that holds the field. */
export const DEFERRED_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_wq_set_callback_impl: {
    asyncCallback: true,
    afterArgs: (env, meta) => pushCallbackCall(env, meta.subprogno, 'wq'),
  },
  bpf_task_work_schedule_signal: SCHEDULE,
  bpf_task_work_schedule_resume: SCHEDULE,
  bpf_task_work_schedule_signal_impl: SCHEDULE,
  bpf_task_work_schedule_resume_impl: SCHEDULE,
};

/** The `struct bpf_wq` of a map value (`process_wq_func`). */
export function checkWorkqueueArg(env: VerifierEnv, { index, regno, reg }: KfuncArg, meta: KfuncMeta): void {
  if (reg.type !== RegBase.PTR_TO_MAP_VALUE || !reg.map) {
    env.reject('EINVAL', `arg#${index} doesn't point to a map value`);
  }
  const { hasBtf, record } = typesOfMap(env, reg.map);
  if (!hasBtf) {
    env.reject('EINVAL', `map '${reg.map.name.slice(0, 15)}' has to have BTF in order to use bpf_wq`);
  }
  const place = record?.offsetOf('WORKQUEUE') ?? -22;
  checkFieldOffset(env, regno, 'WORKQUEUE', place);
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}

/** The `struct bpf_task_work` of a map value (`process_task_work_func`). */
export function checkTaskWorkArg(env: VerifierEnv, { index, regno, reg }: KfuncArg, meta: KfuncMeta): void {
  if (reg.type !== RegBase.PTR_TO_MAP_VALUE) {
    env.reject('EINVAL', `arg#${index} doesn't point to a map value`);
  }
  checkMapFieldPointer(env, regno, 'TASK_WORK');
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}
