import type { LoggerService } from '@nestjs/common';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** One JSON document a line, for log collectors. */
  readonly json: boolean;
  /** Takes one line, without its end; standard error by default. */
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}

/** What the daemon says of itself, a line each, on standard error; standard output belongs to the trace. */
export class Logger {
  private readonly rank: number;
  private readonly write: (line: string) => void;
  private readonly now: () => Date;

  constructor(private readonly options: LoggerOptions) {
    this.rank = LOG_LEVELS.indexOf(options.level);
    this.write = options.write ?? ((line) => process.stderr.write(`${line}\n`));
    this.now = options.now ?? (() => new Date());
  }

  error(message: string): void {
    this.say('error', message);
  }

  warn(message: string): void {
    this.say('warn', message);
  }

  info(message: string): void {
    this.say('info', message);
  }

  debug(message: string): void {
    this.say('debug', message);
  }

  private say(level: LogLevel, message: string): void {
    if (LOG_LEVELS.indexOf(level) > this.rank) return;
    const text = level === 'debug' ? message : message.replace(/\s*\n\s*/g, ' ');
    if (this.options.json) {
      this.write(JSON.stringify({ time: this.now().toISOString(), level, message: text }));
    } else this.write(level === 'info' ? `probed: ${text}` : `probed: ${level}: ${text}`);
  }
}

/** Lets Nest log through ours; how it wires its routes is of interest only when debugging. */
export function nestLogger(log: Logger): LoggerService {
  const line = (message: unknown, rest: unknown[]) =>
    [message, ...rest].map((part) => (part instanceof Error ? part.stack : String(part))).join(' ');
  return {
    log: (message: unknown, ...rest: unknown[]) => log.debug(line(message, rest)),
    error: (message: unknown, ...rest: unknown[]) => log.error(line(message, rest)),
    warn: (message: unknown, ...rest: unknown[]) => log.warn(line(message, rest)),
    debug: (message: unknown, ...rest: unknown[]) => log.debug(line(message, rest)),
    verbose: (message: unknown, ...rest: unknown[]) => log.debug(line(message, rest)),
  };
}

/** All that is known of a fault of ours: for the log, never for a client. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
