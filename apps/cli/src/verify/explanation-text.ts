/** Why a program is refused, laid out for a terminal. */
import { readFileSync, statSync } from 'node:fs';
import type { CodeSpot, Explanation, PathTurn, RegisterStory, ValueEvent } from '@probed/verifier';
import { printable } from '../output/cells';
import { errnoText } from '../output/fault-text';

const WIDTH = 96;
/** Lines of source before and after the offending one. */
const CONTEXT = 2;
const SOURCE_BYTES_MAX = 1 << 22;

/** Colours, or none. */
export interface Paint {
  bad(text: string): string;
  good(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export function paintFor(colour: boolean): Paint {
  const paint = (code: string) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bad: paint('31'), good: paint('32'), dim: paint('2'), bold: paint('1') };
}

/** @param title what was refused: file, program and section */
export function explanationText(title: string, e: Explanation, paint: Paint): string {
  const sections = [
    [`${paint.bad('✗')} ${paint.bold(printable(title))} was refused: ${errnoText(e.errno)}`],
    e.complaint.map((line) => `  ${paint.bad(printable(line))}`),
    e.at ? spotLines(e.at, paint) : [],
    e.acquired ? ['  Acquired here and not given back on this path', ...spotLines(e.acquired, paint)] : [],
    e.meaning ? [heading('What it means', paint), ...wrapped(e.meaning)] : [],
    e.fix ? [heading('What usually fixes it', paint), ...wrapped(e.fix)] : [],
    registerLines(e.registers, paint),
    pathLines(e, paint),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const heading = (text: string, paint: Paint) => `  ${paint.bold(text)}`;

function wrapped(text: string, indent = 4): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line].map((l) => ' '.repeat(indent) + l);
}

const place = ({ file, line }: CodeSpot) => (file === undefined ? '' : `${shortFile(file)}:${line}`);

function shortFile(file: string): string {
  return printable(file.split('/').slice(-2).join('/'));
}

/** The offending line among its neighbours where the file can be read, else as line information has it. */
function spotLines(spot: CodeSpot, paint: Paint): string[] {
  const { file, line, source, func, insn, code } = spot;
  const out: string[] = [];
  if (file !== undefined && line !== undefined) {
    out.push(`  ${paint.dim('-->')} ${printable(file)}:${line} ${paint.dim(`in ${printable(func)}()`)}`);
    for (const [number, text] of neighbours(file, line, source ?? '')) {
      const row = `${String(number).padStart(6)} | ${printable(text)}`;
      out.push(number === line ? `  ${paint.bad('>')}${paint.bold(row)}` : `   ${paint.dim(row)}`);
    }
  } else out.push(`  ${paint.dim('-->')} ${printable(func)}() ${paint.dim('(no line information)')}`);
  out.push(`   ${paint.dim(`${'insn'.padStart(6)} | ${insn}: ${printable(code)}`)}`);
  return out;
}

function neighbours(file: string, line: number, source: string): [number, string][] {
  const alone: [number, string][] = [[line, source]];
  try {
    const facts = statSync(file);
    if (!facts.isFile() || facts.size > SOURCE_BYTES_MAX) return alone;
    const lines = readFileSync(file, 'utf8').replace(/\t/g, '    ').split(/\r?\n/);
    // A file that has changed since says nothing.
    if (lines[line - 1]?.trim() !== source.replace(/\t/g, '    ').trim()) return alone;
    const from = Math.max(1, line - CONTEXT);
    return lines.slice(from - 1, line + CONTEXT).map((l, i) => [from + i, l]);
  } catch {
    return alone;
  }
}

function registerLines(registers: readonly RegisterStory[], paint: Paint): string[] {
  if (registers.length === 0) return [];
  const lines = [heading('What the verifier knows there, and from where', paint)];
  for (const { register, value, state, history } of registers) {
    lines.push(`    ${paint.bold(register)}  ${value}${state ? paint.dim(`  [${printable(state)}]`) : ''}`);
    for (const event of history) lines.push(...eventLines(event, paint));
  }
  return lines;
}

function eventLines(event: ValueEvent, paint: Paint): string[] {
  const { at, what, value, place: named } = event;
  const where = place(at);
  const spot = where ? `${where}  ` : '';
  const lines = [`        ${paint.dim('←')} ${spot}${paint.dim(`${at.insn}: ${printable(at.code)}`)}`];
  lines.push(`          ${printable(what)}; then ${named}: ${printable(value)}`);
  if (at.source) lines.push(`          ${paint.dim(printable(at.source))}`);
  return lines;
}

const TURN_TEXT: Readonly<Record<PathTurn['kind'], string>> = {
  taken: 'jump taken',
  'not-taken': 'jump not taken',
  call: 'call',
  return: 'return',
};

function pathLines({ path, omitted }: Explanation, paint: Paint): string[] {
  if (path.length === 0) return [];
  const lines = [heading('How it got there', paint)];
  if (omitted > 0) lines.push(paint.dim(`    … ${omitted} earlier turns`));
  const widths = [
    path.map(({ at }) => place(at)),
    path.map(({ at }) => `${at.insn}: ${printable(at.code)}`),
  ].map((cells) => Math.max(...cells.map((cell) => cell.length)));
  for (const { at, kind, times } of path) {
    const again = times > 1 ? ` × ${times}` : '';
    const spot = place(at).padEnd(widths[0]);
    const code = `${at.insn}: ${printable(at.code)}`.padEnd(widths[1]);
    const source = at.source ? paint.dim(`  ${printable(at.source)}`) : '';
    lines.push(`    ${spot}${widths[0] ? '  ' : ''}${paint.dim(code)}  ${TURN_TEXT[kind]}${again}${source}`);
  }
  return lines;
}
