import type { LogLevel } from '../app/logger';

/** All that can be set from outside. */
export interface DaemonConfig {
  /** Address to listen on. */
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Absolute path of the folder that holds database, token and lock. */
  readonly stateDir: string;
  /** Load the example programs and begin the demo's exec sessions. */
  readonly demo: boolean;
  readonly scenario: string;
  readonly seed: number;
  /** Virtual seconds a wall-clock second; 0 as fast as it goes. */
  readonly speed: number;
  /** Factor on the scenario's rates. */
  readonly rate: number;
  /** BTF file whose layout the nodes wear, absolute; the reference kernel's without. */
  readonly btf?: string;
  /** What uname shows on the nodes, in place of what the BTF file's name tells. */
  readonly release?: string;
  /** Print records to the terminal as they come. */
  readonly trace: boolean;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  /** Records kept in the database. */
  readonly recordsMax: number;
  /** Size of the database, MiB. */
  readonly dbMaxMb: number;
  readonly logLevel: LogLevel;
  readonly jsonLogs: boolean;
}

/** A fault of the one who starts the daemon: a line for standard error and the exit code. */
export class StartFault extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}
