import { createStdio, createTty, type Kernel, type Launch } from '@probed/system';

/** The far end of a session's standard streams, which the container runtime holds. */
export interface Terminal {
  /** What a launch is given. */
  readonly launch: Pick<Launch, 'tty' | 'stdio'>;
  write(data: Uint8Array): void;
  /** End of the input. */
  closeStdin(): void;
  resize(columns: number, rows: number): void;
  /** The client has gone. */
  hangUp(): void;
  /** The session is over: no new process can open it. */
  release(): void;
}

type Output = (stream: 'stdout' | 'stderr', data: Uint8Array) => void;

/** ^D, which ends the input of who reads a terminal. */
const END_OF_FILE = Uint8Array.of(4);

/** A pseudo terminal: one stream of output. */
export function ttyTerminal(kernel: Kernel, output: Output): Terminal {
  const tty = createTty(kernel);
  tty.onOutput = (data) => output('stdout', data);
  return {
    launch: { tty },
    write: (data) => tty.type(kernel, data),
    closeStdin: () => tty.type(kernel, END_OF_FILE),
    resize: (columns, rows) => tty.resize(rows, columns),
    hangUp: () => tty.hangUp(),
    release() {
      tty.hangUp();
      kernel.vfs.devpts.root.entries!.delete(String(tty.index));
    },
  };
}

/** Three pipes. */
export function pipeTerminal(kernel: Kernel, output: Output): Terminal {
  const stdio = createStdio(kernel);
  stdio.onStdout = (data) => output('stdout', data);
  stdio.onStderr = (data) => output('stderr', data);
  return {
    launch: { stdio },
    write: (data) => stdio.write(data),
    closeStdin: () => stdio.closeStdin(),
    resize: () => undefined,
    hangUp: () => stdio.close(),
    release: () => stdio.close(),
  };
}
