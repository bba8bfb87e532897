/** Signal numbers of x86-64 by name (`arch/x86/include/uapi/asm/signal.h`). */
export const SIGNAL = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export type SignalName = keyof typeof SIGNAL;

/** First real-time signal as the kernel counts. */
const SIGRTMIN = 32;
/** Last signal (`_NSIG`). */
const SIGRTMAX = 64;

const byNumber = new Map<number, SignalName>(
  Object.entries(SIGNAL).map(([name, number]) => [number, name as SignalName]),
);

/** `SIGTERM` for 15, `SIGRTMIN+2` for 34; undefined for what is no signal. */
export function signalName(number: number): string | undefined {
  const name = byNumber.get(number);
  if (name) return name;
  if (!(number >= SIGRTMIN && number <= SIGRTMAX)) return undefined;
  return number === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - SIGRTMIN}`;
}
