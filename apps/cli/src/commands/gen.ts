import type { Command } from 'commander';
import { newCommand, newGroup, withJson } from '../command';
import type { GenObjectOptions } from '../inspect/gen-object';

/** `probectl gen`. */
export function genCommand(): Command {
  return newGroup(
    {
      usage: 'gen',
      summary: 'make files out of objects: link several into one',
      examples: ['probectl gen object app.bpf.o main.bpf.o library.bpf.o'],
    },
    [genObjectCommand()],
  );
}

function genObjectCommand(): Command {
  const command = newCommand({
    usage: 'object <output> <files...>',
    summary: 'link objects statically into one, as bpftool gen object does',
    description:
      'Sections of a name become one, externs are resolved by the definitions of other objects, weak definitions give ' +
      'way to strong ones, types are merged, debug information is dropped. What two objects declare differently, or ' +
      'define both, is refused by name. Externs that nothing defines stay, for the kernel or a later link.',
    examples: [
      'probectl gen object app.bpf.o main.bpf.o library.bpf.o',
      'probectl gen object stripped.bpf.o my.bpf.o',
      'probectl gen object app.bpf.o main.bpf.o library.bpf.o --json',
    ],
  });
  return withJson(command).action(async (output: string, files: string[], options: GenObjectOptions) => {
    const { genObject } = await import('../inspect/gen-object.js');
    genObject(output, files, options);
  });
}
