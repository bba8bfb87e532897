import type { StepText } from './step-text';

/** Where a key leads from a step; every key stays within the run. */
type Move = (text: StepText, index: number) => number;

/** The next step, one way or the other, for which something holds. */
function seek(text: StepText, index: number, by: 1 | -1, holds: (at: number) => boolean): number {
  const last = text.run.steps.length - 1;
  for (let at = index + by; at >= 0 && at <= last; at += by) if (holds(at)) return at;
  return by > 0 ? last : 0;
}

function otherLine(by: 1 | -1): Move {
  return (text, index) => seek(text, index, by, (at) => text.entersLine(at));
}

const next: Move = (text, index) => Math.min(index + 1, text.run.steps.length - 1);
const back: Move = (_text, index) => Math.max(index - 1, 0);

/** By name of the key, as node:readline tells it. */
export const MOVES: Readonly<Record<string, Move>> = {
  n: next,
  right: next,
  down: next,
  space: next,
  return: next,
  p: back,
  left: back,
  up: back,
  s: otherLine(1),
  S: otherLine(-1),
  o: (text, index) => {
    const { steps } = text.run;
    return seek(text, index, 1, (at) => steps[at].depth < steps[index].depth);
  },
  g: () => 0,
  home: () => 0,
  G: (text) => text.run.steps.length - 1,
  end: (text) => text.run.steps.length - 1,
};
