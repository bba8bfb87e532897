/** How a command leaves the ordinary course of a script. These are thrown, and caught where bash unwinds to. */
export class BreakLoop extends Error {
  constructor(public levels: number) {
    super('break');
  }
}

export class ContinueLoop extends Error {
  constructor(public levels: number) {
    super('continue');
  }
}

export class ReturnFrom extends Error {
  constructor(readonly status: number) {
    super('return');
  }
}

export class ExitShell extends Error {
  constructor(readonly status: number) {
    super('exit');
  }
}

/** ^C: the whole input line is given up. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
  }
}

/** An error that ends the command, and a script: a bad expansion, an assignment to a readonly variable. */
export class ShellFault extends Error {
  constructor(
    message: string,
    readonly status = 1,
  ) {
    super(message);
  }
}
