import { type FunctionHook, parseUsdtArgs, type UsdtArg, type UsdtSite } from '@probed/hooks';
import type { Kernel } from '../kernel';

/** A probe is hit: its arguments are put where its note says, then the uprobe at its nop fires. */
export function hitProbe(k: Kernel, hook: FunctionHook, site: UsdtSite, values: readonly number[]): void {
  const { task } = k;
  if (!task.mm) return;
  const sp = k.userSp(task);
  const regs: Record<string, number> = { sp, bp: sp + 0x40 };
  const args = parseUsdtArgs(site.args) ?? [];
  args.forEach((arg, i) => {
    place(k, regs, arg, values[i] ?? 0);
  });
  hook.hit({ name: hook.name, ip: site.address, args: [], regs });
}

function place(k: Kernel, regs: Record<string, number>, { bytes, place: at }: UsdtArg, value: number): void {
  if (at.kind === 'reg') regs[at.reg] = value;
  if (at.kind !== 'deref') return;
  const mm = k.task.mm!;
  const address = (regs[at.reg] ?? 0) + at.offset;
  if (bytes === 8) k.user.write64(mm, address, value);
  else k.user.write32(mm, address, value);
}
