import { emitKeypressEvents, type Key } from 'node:readline';
import { MOVES } from './moves';
import { stepPage } from './step-page';
import type { StepText } from './step-text';

const CLEAR = '\x1b[H\x1b[2J';
const ALTERNATE_SCREEN = '\x1b[?1049h';
const NORMAL_SCREEN = '\x1b[?1049l';

/** Walks through a run in the terminal, forth and back, until `q` or Ctrl-C. */
export async function browse(
  text: StepText,
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stdout,
): Promise<void> {
  let index = 0;
  const draw = () => {
    const page = stepPage(text, index, output.rows ?? 24, output.columns ?? 80);
    output.write(`${CLEAR}${page.join('\r\n')}`);
  };
  emitKeypressEvents(input);
  input.setRawMode(true);
  output.write(ALTERNATE_SCREEN);
  output.on('resize', draw);
  draw();
  try {
    await new Promise<void>((resolve) => {
      input.on('keypress', (_text: string, { name = '', ctrl, shift, sequence }: Key) => {
        if (name === 'q' || (ctrl && (name === 'c' || name === 'd'))) return resolve();
        const move = MOVES[shift ? (sequence ?? name) : name];
        if (move) index = move(text, index);
        draw();
      });
      input.on('end', resolve);
      input.resume();
    });
  } finally {
    input.setRawMode(false);
    input.pause();
    output.off('resize', draw);
    output.write(NORMAL_SCREEN);
  }
}
