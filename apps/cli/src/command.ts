import { Command } from 'commander';

/** What every command of ours says of itself. */
interface CommandText {
  /** As commander takes it: name and arguments, e.g. `run <files...>`. */
  readonly usage: string;
  readonly summary: string;
  /** Shown by `--help` above the options. */
  readonly description?: string;
  /** Command lines, without the prompt. */
  readonly examples: readonly string[];
}

/** A command with help that ends in examples, and errors of one line and exit code 2. */
export function newCommand({ usage, summary, description, examples }: CommandText): Command {
  const [name, ...args] = usage.split(' ');
  const command = new Command(name)
    .summary(summary)
    .description(description ?? summary)
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`)
    .exitOverride();
  if (args.length) command.arguments(args.join(' '));
  command.configureHelp({ showGlobalOptions: false, sortSubcommands: false });
  command.configureOutput({
    outputError: (text, write) => write(`${oneLine(text)}; see: ${fullName(command)} --help\n`),
  });
  return command;
}

/** A command that only holds others. */
export function newGroup(text: CommandText, children: readonly Command[]): Command {
  const group = newCommand(text).helpCommand(false);
  for (const child of children) group.addCommand(child);
  return group;
}

/** `--json`, with the same words everywhere. */
export function withJson(command: Command): Command {
  return command.option('--json', 'one JSON document a line, for programs');
}

function oneLine(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, ' ');
  return `probectl: ${line.replace(/^error: /, '')}`;
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}
