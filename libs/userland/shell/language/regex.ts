import { ShellFault } from './control';

const LENGTH_MAX = 4_096;
/** Unbounded repetitions that one expression may have: a failing match takes the text's length to that power. */
const REPETITIONS_MAX = 6;

/**
 * Refuses expressions that could keep the emulator busy for ever: repetitions of repetitions, and too many of them.
 * JavaScript's matcher tries every way to divide a text among them.
 * @throws ShellFault
 */
export function assertCheap(source: string): void {
  const bare = source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
  const repetitions = bare.match(/[*+]|\{\d*,\}/g)?.length ?? 0;
  if (
    source.length > LENGTH_MAX ||
    repetitions > REPETITIONS_MAX ||
    /[*+}]\??\)[^()]*?\)?(?:[*+]|\{\d+,)/.test(bare)
  )
    throw new ShellFault(`${source.slice(0, 60)}: expression is too complex`, 2);
}
