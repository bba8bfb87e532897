import { isatty } from 'node:tty';
import { parseCommandLine } from '../config/command-line';
import { StartFault } from '../config/config';
import { ensureKernel } from '../config/kernel';
import { defaultStateDir } from '../config/options';
import { ensureScenario } from '../config/scenario';
import { paintFor } from '../terminal/style';
import { TerminalOutput } from '../terminal/terminal-output';
import { TracePrinter } from '../terminal/trace-printer';
import { banner } from './banner';
import { Daemon } from './daemon';
import { Logger, stackOf } from './logger';

/** Time that stopping may take before it is cut short, ms. */
const STOP_MS_MAX = 4_500;
const STDOUT = 1;
/** As EX_SOFTWARE of sysexits.h: a fault of ours. */
const EXIT_INTERNAL = 70;

/** The whole life of the process. @param args without node and script */
export async function run(args: readonly string[]): Promise<void> {
  try {
    const { config } = parseCommandLine(args, process.env);
    if (!config) return;
    await ensureScenario(config.scenario);
    await ensureKernel(config);
    const log = new Logger({ level: config.logLevel, json: config.jsonLogs });
    const stopper = new Stopper(log);
    const terminal = new TerminalOutput(() => stopper.stop('its reader is gone'));
    const paint = paintFor(isatty(STDOUT), process.env);
    const printer = new TracePrinter(terminal, paint);
    const starting = Daemon.start(config, log, (items) => config.trace && printer.start(items));
    stopper.watch(starting, printer);
    const daemon = await starting;
    if (stopper.stopping) return;
    const facts = await daemon.facts();
    if (config.jsonLogs) log.info(`listening on ${facts.url}`);
    else {
      const stateDir = config.stateDir === defaultStateDir(process.env) ? undefined : config.stateDir;
      for (const line of banner({ ...facts, stateDir }, paint)) terminal.line(line);
    }
    printer.release();
  } catch (error) {
    leave(error);
  }
}

/** Ends the process in order, once; asked again, at once. */
class Stopper {
  stopping = false;
  private daemon: Promise<Daemon> | undefined;
  private printer: TracePrinter | undefined;

  constructor(private readonly log: Logger) {
    process.on('SIGINT', () => this.stop('SIGINT'));
    process.on('SIGTERM', () => this.stop('SIGTERM'));
    process.on('uncaughtException', (error) => leave(error));
    // What one client has brought about must not end the service for all others.
    process.on('unhandledRejection', (error) => log.error(`internal error: ${stackOf(error)}`));
  }

  watch(daemon: Promise<Daemon>, printer: TracePrinter): void {
    this.daemon = daemon;
    this.printer = printer;
  }

  stop(why: string): void {
    if (this.stopping) process.exit(1);
    this.stopping = true;
    this.log.info(`stopping (${why}); once more to stop at once`);
    setTimeout(() => {
      this.log.error('stopping took too long; what was not yet stored is lost');
      process.exit(1);
    }, STOP_MS_MAX).unref();
    void this.end();
  }

  private async end(): Promise<void> {
    try {
      this.printer?.stop();
      await (await this.daemon)?.stop();
      process.exit(0);
    } catch (error) {
      leave(error);
    }
  }
}

function leave(error: unknown): never {
  if (error instanceof StartFault) {
    process.stderr.write(`probed: ${error.message}\n`);
    process.exit(error.exitCode);
  }
  process.stderr.write(`probed: internal error: ${stackOf(error)}\n`);
  process.exit(EXIT_INTERNAL);
}
