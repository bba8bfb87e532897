import { type Command, Option } from 'commander';
import { newCommand, withJson } from '../command';
import { parseCount } from '../input/values';
import type { VerifyFilesOptions } from '../verify/verify-files';
import { withKernel } from './kernel-options';

const LOG_LEVEL_MAX = 7;

/** `probectl prog verify`. */
export function progVerifyCommand(): Command {
  const command = withKernel(
    newCommand({
      usage: 'verify <files...>',
      summary: "the verifier's verdict on every program, nothing is run",
      description:
        'Judges every program of the files as Linux 6.18 would, and prints the reason where one is refused. ' +
        'Exit code 1 when any program is refused or not supported, or a file cannot be read.',
      examples: [
        'probectl prog verify my.bpf.o',
        'probectl prog verify -v examples/rejected/out_of_bounds.bpf.o',
        'probectl prog verify --explain my.bpf.o',
        'probectl prog verify build/*.bpf.o --json',
        'probectl prog verify my.bpf.o --btf /sys/kernel/btf/vmlinux --caps CAP_BPF,CAP_PERFMON',
      ],
    }),
    'judge for this kernel instead of the emulated one',
  )
    .option('-v, --verbose', "print each program's verifier log")
    .option(
      '--explain',
      'say why at length: the line of C, where values come from, the way there, the usual fix',
    )
    .addOption(
      new Option('--kernel-config <which>', 'which kernel judges: the 6.18 target, or the reference host')
        .choices(['target', 'host'])
        .default('target'),
    )
    .option('--caps <list>', 'capabilities of the loader, e.g. CAP_BPF,CAP_PERFMON; or none (default: all)')
    .option(
      '--log-level <n>',
      '0 the complaint, 1 the failing path, 2 every path, 4 statistics',
      parseCount(0, LOG_LEVEL_MAX),
    );
  return withJson(command).action(async (files: string[], options: VerifyFilesOptions) => {
    const { verifyFiles } = await import('../verify/verify-files.js');
    await verifyFiles(files, options);
  });
}
