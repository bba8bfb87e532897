import { Store, StoreRefused } from '@probed/store';
import { CommandRefused } from '../threads/rpc';

interface KeptStoreOptions {
  readonly pageCountMax?: number;
  /** Takes one line for the log. */
  readonly notice: (line: string) => void;
}

/** The open store. When its file turns out to be damaged, a new one takes its place and the work is done on that. */
export class KeptStore {
  private constructor(
    /** Missing when it could not be replaced; the next work tries again. */
    private store: Store | undefined,
    private readonly file: string,
    private readonly options: KeptStoreOptions,
  ) {}

  /** @throws CommandRefused */
  static open(file: string, options: KeptStoreOptions): KeptStore {
    return new KeptStore(openStore(file, options, false), file, options);
  }

  /** @throws CommandRefused */
  run<T>(work: (store: Store) => T): T {
    try {
      return work(this.current());
    } catch (error) {
      if (!this.replaceAfter(error)) throw refusal(error);
    }
    try {
      return work(this.current());
    } catch (error) {
      throw refusal(error);
    }
  }

  /** Takes the steps of a long work one by one; in between, others have their turn. @throws CommandRefused */
  async runSteps<T>(work: (store: Store) => Generator<undefined, T>): Promise<T> {
    const store = this.current();
    try {
      return await takeSteps(work(store));
    } catch (error) {
      // Somebody else may have found the damage first.
      if (store === this.store && !this.replaceAfter(error)) throw refusal(error);
    }
    try {
      return await takeSteps(work(this.current()));
    } catch (error) {
      throw refusal(error);
    }
  }

  close(): void {
    this.store?.close();
  }

  private current(): Store {
    this.store ??= openStore(this.file, this.options, false);
    return this.store;
  }

  /** @returns whether there is a new store to try again with */
  private replaceAfter(error: unknown): boolean {
    if (!(error instanceof StoreRefused) || error.diagnostic.code !== 'store-damaged') return false;
    this.store?.close();
    this.store = undefined;
    this.store = openStore(this.file, this.options, true);
    return true;
  }
}

function openStore(file: string, { pageCountMax, notice }: KeptStoreOptions, damaged: boolean): Store {
  const opened = Store.open(file, { pageCountMax, damaged });
  if (!opened.ok) throw new CommandRefused(opened.error);
  for (const line of opened.value.notices) notice(line);
  return opened.value;
}

async function takeSteps<T>(steps: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function refusal(error: unknown): unknown {
  return error instanceof StoreRefused ? new CommandRefused(error.diagnostic) : error;
}
