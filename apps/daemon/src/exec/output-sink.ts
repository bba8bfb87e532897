export type OutputStream = 'stdout' | 'stderr';

/** Where one session's output goes. */
export interface OutputSink {
  output(stream: OutputStream, bytes: Uint8Array): void;
  /** @param error why there is no exit code of the command's own */
  exit(exitCode: number, error?: string): void;
  /** The emulated kernel went away under the session. */
  lost(reason: string): void;
  /** So much waits that it had better be waited for, briefly. */
  readonly crowded: boolean;
}
