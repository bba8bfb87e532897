import type { Command } from 'commander';
import type { CheckFilesOptions } from '../check/check-files';
import { newCommand, withJson } from '../command';

/** `probectl prog check`. */
export function progCheckCommand(): Command {
  const command = newCommand({
    usage: 'check <files...>',
    summary: 'on which kernels would the programs load, and what is missing where they would not',
    description:
      'Relocates every program against the BTF of each kernel as libbpf does, then verifies it with the types of that ' +
      "kernel by the rules of Linux 6.18's verifier: what a program guards by bpf_core_field_exists() is no fault. " +
      'A BTF is a vmlinux, raw BTF (/sys/kernel/btf/vmlinux, *.btf, also gzip), or a folder of them; a folder with one ' +
      'vmlinux and its modules, as /sys/kernel/btf, is one kernel. Without --btf: the emulated kernel. ' +
      'Exit code 1 when any program fails on any kernel.',
    examples: [
      'probectl prog check my.bpf.o --btf vmlinux-5.4.btf --btf vmlinux-6.1.btf',
      'probectl prog check build/*.bpf.o --btf btf-archive/',
      'probectl prog check my.bpf.o --btf 5.10=k510.btf --btf 6.1=k61.btf -v',
      'probectl prog check my.bpf.o --btf /sys/kernel/btf --json',
    ],
  })
    .option(
      '--btf <file|folder>',
      "a kernel's types; repeatable; RELEASE=FILE also tells its release",
      collect,
    )
    .option('--release <release>', 'release of the kernels whose file names tell none, e.g. 5.10.0')
    .option('--kconfig <file>', "the kernels' configuration, for .kconfig externs (default: the reference's)")
    .option('-q, --quiet', 'print nothing but errors; the exit code tells')
    .option('-v, --verbose', "libbpf's words for relocations, what is guarded, the verifier's last lines");
  return withJson(command).action(async (files: string[], options: CheckFilesOptions) => {
    const { checkFiles } = await import('../check/check-files.js');
    await checkFiles(files, options);
  });
}

function collect(word: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, word];
}
