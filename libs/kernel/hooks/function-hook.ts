import { Listeners } from './listeners';

/** What a listener sees of one call of a kernel or user function. Words are signed 64-bit values (see base/u64). */
export interface FunctionCall {
  readonly name: string;
  /** Address of the function's first instruction, a signed word. */
  readonly ip: number;
  readonly args: readonly number[];
  /** Registers besides those that hold arguments, where the hook is no function's entry (USDT probes). */
  readonly regs?: Readonly<Record<string, number>>;
  /** Set on return only. */
  ret?: number;
  /** Entry and verdict listeners may set it: the body is skipped and this is the result (`bpf_override_return`). */
  override?: number;
}

export type FunctionListener = (call: FunctionCall) => void;

/**
 * Entry and return of one function: where kprobe, kretprobe, uprobe, uretprobe, fentry, fexit, fmod_ret and lsm hang.
 *
 * Unattached cost is one test of `active` at the call site, which then calls the body straight away.
 */
export class FunctionHook {
  /** True when anything is attached. */
  active = false;
  readonly entry = new Listeners<FunctionCall>(() => this.refresh());
  readonly exit = new Listeners<FunctionCall>(() => this.refresh());
  /**
   * Programs whose return value is the function's (`BPF_TRAMP_MODIFY_RETURN`): asked in turn after the entry; one sets
   * `override`, and neither those after it nor the body run.
   */
  readonly verdict = new Listeners<FunctionCall>(() => this.refresh());
  /** False for names that exist in the kernel but that no code path of the emulation fires (`inert`). */
  live = false;
  /** Arguments in another kernel's order, when the kernel wears that one's layout. */
  rearrange: ((args: readonly number[]) => readonly number[]) | undefined;

  constructor(
    readonly name: string,
    readonly ip: number,
  ) {}

  /** Runs `body` between entry and return listeners. */
  call(args: readonly number[], body: () => number): number {
    if (!this.active) return body();
    const call: FunctionCall = { name: this.name, ip: this.ip, args: this.rearrange?.(args) ?? args };
    this.enter(call);
    return this.finish(call, call.override ?? body());
  }

  /** The same for a body that can block. */
  *callBlocking<Y, N>(args: readonly number[], body: () => Generator<Y, number, N>): Generator<Y, number, N> {
    if (!this.active) return yield* body();
    const call: FunctionCall = { name: this.name, ip: this.ip, args: this.rearrange?.(args) ?? args };
    this.enter(call);
    return this.finish(call, call.override ?? (yield* body()));
  }

  /** Something without a body or a return is reached: a USDT probe. */
  hit(call: FunctionCall): void {
    this.entry.fire(call);
  }

  private enter(call: FunctionCall): void {
    this.entry.fire(call);
    if (this.verdict.size > 0) this.verdict.fireUntil(call, () => call.override !== undefined);
  }

  private finish(call: FunctionCall, ret: number): number {
    call.ret = ret;
    this.exit.fire(call);
    return ret;
  }

  private refresh(): void {
    this.active = this.entry.size + this.exit.size + this.verdict.size > 0;
  }
}
