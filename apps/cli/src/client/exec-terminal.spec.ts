import { EventEmitter } from 'node:events';
import { ExecTerminal } from './exec-terminal';

/** A terminal that remembers its modes. */
class FakeTerminal extends EventEmitter {
  readonly modes: boolean[] = [];
  rows = 24;
  columns = 80;

  constructor(readonly isTTY: boolean) {
    super();
  }

  setRawMode(raw: boolean): this {
    this.modes.push(raw);
    return this;
  }
}

function terminalOf(input: FakeTerminal, output: FakeTerminal): ExecTerminal {
  return new ExecTerminal(input as unknown as NodeJS.ReadStream, output as unknown as NodeJS.WriteStream);
}

test('raw from entering to leaving, once each', () => {
  const input = new FakeTerminal(true);
  const terminal = terminalOf(input, new FakeTerminal(true));
  terminal.enter();
  terminal.enter();
  terminal.leave();
  terminal.leave();
  expect(input.modes).toEqual([true, false]);
});

test('what is no terminal stays as it is', () => {
  const input = new FakeTerminal(false);
  const terminal = terminalOf(input, new FakeTerminal(false));
  terminal.enter();
  terminal.leave();
  expect(input.modes).toEqual([]);
  expect(terminal.size()).toEqual({});
});

test.each(['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s restores it before the process ends', (signal) => {
  const input = new FakeTerminal(true);
  const terminal = terminalOf(input, new FakeTerminal(true));
  const before = process.listenerCount(signal);
  const exit = jest.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  try {
    terminal.enter();
    process.emit(signal, signal);
    expect(input.modes).toEqual([true, false]);
    expect(exit).toHaveBeenCalledWith({ SIGHUP: 129, SIGQUIT: 131, SIGTERM: 143 }[signal]);
    expect(process.listenerCount(signal)).toBe(before);
  } finally {
    exit.mockRestore();
  }
});

test('every new size is told until it is stopped', () => {
  const output = new FakeTerminal(true);
  const sizes: unknown[] = [];
  const stop = terminalOf(new FakeTerminal(true), output).onResize((size) => sizes.push(size));
  output.columns = 100;
  output.emit('resize');
  stop();
  output.emit('resize');
  expect(sizes).toEqual([{ rows: 24, columns: 100 }]);
});
