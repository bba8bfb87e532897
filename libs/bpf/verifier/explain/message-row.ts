import { ProgType } from '@probed/spec';

/** A small program that is refused with a message. */
export interface MessageExample {
  /** In the assembler's language; `map[hash]` and the like name the maps below. */
  readonly asm: string;
  /** Default: a raw tracepoint program. */
  readonly type?: ProgType;
  /** Default GPL. */
  readonly license?: string;
  /** Capabilities of the loader; all of them by default. */
  readonly caps?: readonly string[];
}

/** What one of the verifier's messages means to people. */
export interface MessageRow {
  /** Stable name. */
  readonly id: string;
  /** The message as the kernel words it, `…` for what varies. */
  readonly message: string;
  readonly pattern: RegExp;
  readonly meaning: string;
  /** What usually helps. */
  readonly fix: string;
  readonly example: MessageExample;
}

/** The pattern of a message: `…` stands for anything. */
function patternOf(message: string): RegExp {
  const escaped = message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/…/g, '.*?');
  return new RegExp(`^${escaped}$`);
}

/** One row; the pattern follows from the message. */
export function message(
  id: string,
  text: string,
  about: Pick<MessageRow, 'meaning' | 'fix' | 'example'>,
): MessageRow {
  return { id, message: text, pattern: patternOf(text), ...about };
}

/** A program on packets, for `sched_cls`. */
export const tc = (asm: string): MessageExample => ({ asm, type: ProgType.SCHED_CLS });
/** A look-up in map `hash`: r0 is the value or NULL. */
export const LOOK_UP = `*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = map[hash]
call map_lookup_elem`;
/** The same, checked, with the value in r0. */
export const CHECKED = `${LOOK_UP}
if r0 == 0 goto out`;
/** r6 is a number of which nothing is known. */
export const UNKNOWN_NUMBER = `call ktime_get_ns
r6 = r0`;
