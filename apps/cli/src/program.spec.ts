import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from './program';

function* everyCommand(command: Command, path: string): Generator<[string, Command]> {
  yield [path, command];
  for (const child of command.commands) yield* everyCommand(child, `${path} ${child.name()}`);
}

const commands = [...everyCommand(createProgram(), 'probectl')];
const actions = commands.filter(([, command]) => command.commands.length === 0);

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test.each(commands)('%s has help with examples that name it', (path, command) => {
  const help = helpOf(command);
  expect(command.summary()).not.toBe('');
  expect(help).toContain(`\nExamples:\n  $ ${path}`);
});

test.each(actions.filter(([path]) => !/ help$/.test(path)))('%s takes --json', (_path, command) => {
  expect(command.options.some(({ long }) => long === '--json')).toBe(true);
});

/** Every command and option of a command line is one that there is. */
function expectLawful(line: string): void {
  const words = line.replace(/ +(>|-- |#).*$/, '').split(' ');
  let target = createProgram();
  for (const word of words) {
    if (target.commands.length === 0 || word.startsWith('-')) break;
    const names = target.commands.map((child) => child.name());
    expect(names).toContain(word);
    target = target.commands[names.indexOf(word)];
  }
  const known = new Set(target.options.flatMap(({ long, short }) => [long, short]));
  const used = words.flatMap((word) => {
    if (/^-[a-z]+$/.test(word)) return [...word.slice(1)].map((flag) => `-${flag}`);
    return /^--[a-z]/.test(word) ? [word] : [];
  });
  for (const option of used) expect([...known]).toContain(option);
}

test.each(commands)('examples of %s are lawful', (_path, command) => {
  for (const [, line] of helpOf(command).matchAll(/^ {2}\$ probectl (.*)$/gm)) expectLawful(line);
});

const documented = readFileSync(join(__dirname, '../../../docs/cli.md'), 'utf8');
const lines = [...documented.matchAll(/^(?:.*\| )?probectl (\w.*)$/gm)].map(([, line]) => line);

test.each(lines)('docs/cli.md: probectl %s is lawful', (line) => expectLawful(line));

test('docs/cli.md names every command that talks to the daemon', () => {
  const ofDaemon = actions.filter(([, command]) => command.options.some(({ long }) => long === '--url'));
  expect(ofDaemon.length).toBeGreaterThan(20);
  for (const [path] of ofDaemon) {
    const short = path.replace(/ (sessions list|workload show)$/, (words) => words.replace(/ \w+$/, ''));
    const named = lines.some((line) => `probectl ${line} `.startsWith(`${short} `));
    expect({ path, named }).toEqual({ path, named: true });
  }
});
