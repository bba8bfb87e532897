import { O } from '@probed/abi';

export interface Redirect {
  readonly fd: number;
  readonly path: string;
  readonly flags: number;
}

export interface Command {
  readonly words: readonly string[];
  readonly redirects: readonly Redirect[];
}

export interface Pipeline {
  readonly commands: readonly Command[];
  /** Runs only when what came before succeeded (`&&`) or failed (`||`). */
  readonly onlyIf: 'always' | 'ok' | 'failed';
}

const TOKEN = /\s+|(&&|\|\||2>>|2>|>>|[|;<>])|"([^"]*)"|'([^']*)'|([^\s|;<>&"']+|&)/gy;

const REDIRECTS: Readonly<Record<string, { fd: number; flags: number }>> = {
  '<': { fd: 0, flags: O.RDONLY },
  '>': { fd: 1, flags: O.WRONLY | O.CREAT | O.TRUNC },
  '>>': { fd: 1, flags: O.WRONLY | O.CREAT | O.APPEND },
  '2>': { fd: 2, flags: O.WRONLY | O.CREAT | O.TRUNC },
  '2>>': { fd: 2, flags: O.WRONLY | O.CREAT | O.APPEND },
};

interface Token {
  readonly text: string;
  readonly operator: boolean;
}

function tokens(line: string): Token[] {
  const out: Token[] = [];
  for (const match of line.matchAll(TOKEN)) {
    if (match[1] !== undefined) out.push({ text: match[1], operator: true });
    else {
      const text = match[2] ?? match[3] ?? match[4];
      if (text !== undefined) out.push({ text, operator: false });
    }
  }
  return out;
}

/** Splits a line into pipelines: words with quotes, `|`, `;`, `&&`, `||` and redirections. No expansion. */
export function parseLine(line: string): Pipeline[] {
  const pipelines: Pipeline[] = [];
  let onlyIf: Pipeline['onlyIf'] = 'always';
  let commands: Command[] = [];
  let words: string[] = [];
  let redirects: Redirect[] = [];
  const endCommand = () => {
    if (words.length + redirects.length > 0) commands.push({ words, redirects });
    words = [];
    redirects = [];
  };
  const endPipeline = (next: Pipeline['onlyIf']) => {
    endCommand();
    if (commands.length > 0) pipelines.push({ commands, onlyIf });
    commands = [];
    onlyIf = next;
  };
  const list = tokens(line);
  for (let i = 0; i < list.length; i++) {
    const { text, operator } = list[i];
    const redirect = operator ? REDIRECTS[text] : undefined;
    if (!operator) words.push(text);
    else if (redirect) redirects.push({ ...redirect, path: list[++i]?.text ?? '' });
    else if (text === '|') endCommand();
    else endPipeline(text === '&&' ? 'ok' : text === '||' ? 'failed' : 'always');
  }
  endPipeline('always');
  return pipelines;
}
