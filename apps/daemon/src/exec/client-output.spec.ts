import { ClientOutput } from './client-output';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Everything that there is to send, as text. */
function drain(output: ClientOutput): unknown[][] {
  const messages: unknown[][] = [];
  for (let message = output.take(); message; message = output.take())
    messages.push([
      message.event,
      ...message.args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString() : arg)),
    ]);
  return messages;
}

function released(): ClientOutput {
  const output = new ClientOutput(() => {});
  output.release();
  return output;
}

describe('ClientOutput', () => {
  it('sends nothing before the session has started, then all of it', () => {
    const output = new ClientOutput(() => {});
    output.output('stdout', bytes('early'));
    output.exit(0);
    expect(drain(output)).toEqual([]);
    output.release();
    expect(drain(output)).toEqual([
      ['output', 'stdout', 'early'],
      ['exit', { exit_code: 0 }],
    ]);
  });

  it('puts pieces of one stream together and keeps the order of streams', () => {
    const output = released();
    for (const [stream, text] of [
      ['stdout', 'a'],
      ['stdout', 'b'],
      ['stderr', 'c'],
      ['stdout', 'd'],
    ] as const)
      output.output(stream, bytes(text));
    expect(drain(output)).toEqual([
      ['output', 'stdout', 'ab'],
      ['output', 'stderr', 'c'],
      ['output', 'stdout', 'd'],
    ]);
  });

  it('sends messages of at most 64 KiB, if the pieces are', () => {
    const output = released();
    for (let i = 0; i < 10; i++) output.output('stdout', new Uint8Array(30_000));
    const sizes = drain(output).map(([, , text]) => (text as string).length);
    expect(sizes).toEqual([60_000, 60_000, 60_000, 60_000, 60_000]);
  });

  it('leaves out what goes beyond 1 MiB, and says how much when there is room', () => {
    const output = released();
    const piece = new Uint8Array(100_000);
    for (let i = 0; i < 15; i++) output.output('stdout', piece);
    expect(output.crowded).toBe(true);
    output.exit(0);
    const messages = drain(output);
    expect(messages.filter(([, stream]) => stream === 'stdout')).toHaveLength(10);
    expect(messages.at(-2)).toEqual([
      'output',
      'stderr',
      '\r\nprobed: 500000 bytes of output were left out, as they were not taken in time\r\n',
    ]);
    expect(messages.at(-1)).toEqual(['exit', { exit_code: 0 }]);
    expect(output.crowded).toBe(false);
  });

  it('goes on after the notice', () => {
    const output = released();
    output.output('stdout', new Uint8Array(1_000_000));
    output.output('stdout', new Uint8Array(100_000));
    expect(drain(output).map(([, stream]) => stream)).toEqual(['stdout', 'stderr']);
    output.output('stdout', bytes('more'));
    expect(drain(output)).toEqual([['output', 'stdout', 'more']]);
  });

  it('bounds tiny pieces too', () => {
    const output = released();
    for (let i = 0; i < 100_000; i++) output.output(i % 2 ? 'stdout' : 'stderr', bytes('x'));
    expect(drain(output).length).toBeLessThan(20_000);
  });

  it('ends once', () => {
    const output = released();
    output.lost('the kernel crashed');
    output.exit(0);
    expect(output.over).toBe(true);
    expect(drain(output)).toEqual([
      ['exit', { exit_code: 255, error: 'the session is lost: the kernel crashed' }],
    ]);
  });
});
