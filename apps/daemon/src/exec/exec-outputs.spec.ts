import type { KernelFrame } from '../kernel/commands';
import { ThreadUnavailable } from '../threads/rpc';
import { ExecOutputs } from './exec-outputs';
import type { OutputSink } from './output-sink';

const output = (session: string, text: string, stream: 'stdout' | 'stderr' = 'stdout'): KernelFrame => ({
  type: 'output',
  session,
  stream,
  bytes: new TextEncoder().encode(text),
});
const exit = (session: string, exit_code = 0, error?: string): KernelFrame => ({
  type: 'exit',
  session,
  exit_code,
  error,
});

class FakeSink implements OutputSink {
  crowded = false;
  readonly heard: string[] = [];
  output(stream: string, bytes: Uint8Array): void {
    this.heard.push(`${stream} ${new TextDecoder().decode(bytes)}`);
  }
  exit(code: number, error?: string): void {
    this.heard.push(`exit ${code}${error ? ` ${error}` : ''}`);
  }
  lost(reason: string): void {
    this.heard.push(`lost ${reason}`);
  }
}

describe('ExecOutputs', () => {
  it('takes each session’s output to its sink, in order, up to its exit', async () => {
    const outputs = new ExecOutputs();
    const [a, b] = [new FakeSink(), new FakeSink()];
    outputs.open('s-a', a);
    outputs.open('s-b', b);
    await outputs.deliver([
      output('s-a', '1'),
      output('s-b', '2', 'stderr'),
      output('s-x', 'nobody asked'),
      output('s-a', '3'),
      exit('s-a', 7),
      output('s-a', 'too late'),
      exit('s-b', 137, 'killed'),
    ]);
    expect(a.heard).toEqual(['stdout 1', 'stdout 3', 'exit 7']);
    expect(b.heard).toEqual(['stderr 2', 'exit 137 killed']);
  });

  it('gives nothing to a sink that was taken away', async () => {
    const outputs = new ExecOutputs();
    const sink = new FakeSink();
    const stop = outputs.open('s-a', sink);
    stop();
    await outputs.deliver([output('s-a', '1'), exit('s-a')]);
    expect(sink.heard).toEqual([]);
  });

  it('waits a moment for a crowded sink, and then not again until it has room', async () => {
    let ms = 0;
    const outputs = new ExecOutputs(() => ms++);
    const sink = new FakeSink();
    sink.crowded = true;
    outputs.open('s-a', sink);
    await outputs.deliver([output('s-a', '1')]);
    expect(ms).toBeGreaterThan(50);
    const waited = ms;
    await outputs.deliver([output('s-a', '2'), output('s-a', '3')]);
    expect(ms).toBe(waited);
    expect(sink.heard).toHaveLength(3);
    sink.crowded = false;
    await outputs.deliver([output('s-a', '4')]);
    sink.crowded = true;
    await outputs.deliver([output('s-a', '5')]);
    expect(ms).toBeGreaterThan(waited);
  });

  it('collects what a session writes', async () => {
    const outputs = new ExecOutputs();
    const { done } = outputs.collect('s-a');
    const [first, second] = [new Uint8Array([0xc3]), new Uint8Array([0xa4])];
    await outputs.deliver([
      output('s-a', 'out '),
      output('s-a', 'err', 'stderr'),
      { type: 'output', session: 's-a', stream: 'stdout', bytes: first },
      { type: 'output', session: 's-a', stream: 'stdout', bytes: second },
      exit('s-a', 3),
    ]);
    expect(await done).toEqual({ stdout: 'out ä', stderr: 'err', truncated: false, exit_code: 3 });
  });

  it('cuts what is collected at 1 MiB a stream', async () => {
    const outputs = new ExecOutputs();
    const { done } = outputs.collect('s-a');
    const half = 'x'.repeat(600_000);
    await outputs.deliver([output('s-a', half), output('s-a', half), output('s-a', half), exit('s-a')]);
    const { stdout, truncated } = await done;
    expect(stdout).toHaveLength(1024 * 1024);
    expect(truncated).toBe(true);
  });

  it('says that sessions are lost with the emulated kernel', async () => {
    const outputs = new ExecOutputs();
    const sink = new FakeSink();
    outputs.open('s-a', sink);
    const { done } = outputs.collect('s-b');
    outputs.loseAll('it crashed');
    expect(sink.heard).toEqual(['lost it crashed']);
    await expect(done).rejects.toEqual(
      new ThreadUnavailable('kernel-restarting', 'the session is lost: it crashed'),
    );
  });
});
