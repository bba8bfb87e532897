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

test.each(commands)('examples of %s are lawful', (_path, command) => {
  const lines = [...helpOf(command).matchAll(/^ {2}\$ probectl (.*)$/gm)].map((match) => match[1]);
  for (const line of lines) {
    const words = line.replace(/ >.*$/, '').split(' ');
    const target = words.reduce<Command>(
      (at, word) => at.commands.find((child) => child.name() === word) ?? at,
      createProgram(),
    );
    const known = new Set(target.options.flatMap(({ long, short }) => [long, short]));
    for (const option of words.filter((word) => /^--?[a-z]/.test(word))) expect([...known]).toContain(option);
  }
});
