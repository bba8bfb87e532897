import type { VerifierEnv } from '../../env';
import { structContains } from '../../memory/struct-ids';
import {
  baseType,
  MEM_ALLOC,
  MEM_RCU,
  NON_OWN_REF,
  PTR_TRUSTED,
  RegBase,
  regTypeStr,
  typeFlags,
} from '../../state/reg-type';
import { btfKindStr, isProjectionOf } from '../btf-types';
import { STRUCT_OF_REG } from './arg-kind';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';

const TRUSTED_MODIFIERS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;

/** A kernel object of the right struct (KF_ARG_PTR_TO_BTF_ID). */
export function checkBtfIdArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  checkObject(env, arg, meta, arg.targetId);
}

/** A map where the prototype may say `void *` (KF_ARG_PTR_TO_MAP). */
export function checkMapArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  checkObject(env, arg, meta, env.facts.btf.findByName('bpf_map', 'struct') ?? 0);
}

function checkObject(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta, wanted: number): void {
  const { index, reg } = arg;
  const base = baseType(reg.type);
  const flags = typeFlags(reg.type);
  const unsafe = (flags & ~TRUSTED_MODIFIERS) !== 0 && (reg.type & MEM_RCU) === 0;
  if ((base !== RegBase.PTR_TO_BTF_ID || unsafe) && !STRUCT_OF_REG[base]) {
    const expected = regTypeStr(base | (flags & TRUSTED_MODIFIERS));
    env.reject('EINVAL', `arg#${index} is ${regTypeStr(reg.type)} expected ${expected} or socket`);
  }
  checkStruct(env, arg, meta, wanted);
}

/** Same struct, but not to be passed where the other is wanted (`btf_type_ids_nocast_alias`). */
const NOCAST_SUFFIX = '___init';

/** `process_kf_arg_ptr_to_btf_id`. */
function checkStruct(
  env: VerifierEnv,
  { index, regno, reg }: KfuncArg,
  meta: KfuncMeta,
  wanted: number,
): void {
  const { btf } = env.facts;
  const base = baseType(reg.type);
  const isObject = base === RegBase.PTR_TO_BTF_ID;
  const isLocal = isObject && reg.isLocalBtf;
  const passedBtf = isLocal ? env.options.objectBtf : btf;
  const passedId = isObject ? reg.btfId : (btf.findByName(STRUCT_OF_REG[base] ?? '', 'struct') ?? 0);
  const target = btf.type(wanted);
  const passed = passedBtf?.has(passedId) ? passedBtf.resolve(passedId) : undefined;
  const name = passed?.name ?? '';
  const isAlias =
    name !== target.name && name.replace(NOCAST_SUFFIX, '') === target.name.replace(NOCAST_SUFFIX, '');
  const strict = (meta.isRelease && reg.refObjId !== 0) || isAlias;
  const same =
    !isLocal && structContains(btf, passedId, reg.off, wanted, strict, (text) => env.verbose(`${text}\n`));
  if (same || isProjectionOf(target.name, name)) return;
  const expected = `${btfKindStr(target)} ${target.name}`;
  const has = passed ? `${btfKindStr(passed)} ${name}` : '';
  env.reject(
    'EINVAL',
    `kernel function ${meta.name} args#${index} expected pointer to ${expected} but R${regno} has a pointer to ${has}`,
  );
}
