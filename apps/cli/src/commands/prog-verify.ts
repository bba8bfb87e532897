import { type Command, Option } from 'commander';
import type { VerifyBatchOptions } from '../batch/test-run-batch';
import { newCommand, withJson } from '../command';
import { failUsage } from '../errors';
import { parseCount } from '../input/values';
import type { VerifyFilesOptions } from '../verify/verify-files';
import { withKernel } from './kernel-options';

const LOG_LEVEL_MAX = 7;
const LOG_LINES_DEFAULT = 16;
const LOG_LINES_MAX = 100_000;

type Options = VerifyFilesOptions & VerifyBatchOptions & { readonly jsonl?: boolean };

/** `probectl prog verify`. */
export function progVerifyCommand(): Command {
  const command = withKernel(
    newCommand({
      usage: 'verify [files...]',
      summary: "the verifier's verdict on every program, nothing is run",
      description:
        'Judges every program of the files as Linux 6.18 would, and prints the reason where one is refused. ' +
        'Exit code 1 when any program is refused or not supported, or a file cannot be read. ' +
        'With --jsonl: raw instructions from standard input, one case a line as of prog test-run --jsonl, one verdict a line.',
      examples: [
        'probectl prog verify my.bpf.o',
        'probectl prog verify -v examples/rejected/out_of_bounds.bpf.o',
        'probectl prog verify --explain my.bpf.o',
        'probectl prog verify build/*.bpf.o --json',
        'probectl prog verify --jsonl < cases.jsonl > verdicts.jsonl',
        'probectl prog verify my.bpf.o --btf /sys/kernel/btf/vmlinux --caps CAP_BPF,CAP_PERFMON',
      ],
    }),
    'judge for this kernel instead of the emulated one',
  )
    .option('-v, --verbose', "print each program's verifier log")
    .option('--jsonl', 'cases from standard input, one a line')
    .option(
      '--log-lines <n>',
      'last lines of the log in an answer (--jsonl only)',
      parseCount(0, LOG_LINES_MAX),
      LOG_LINES_DEFAULT,
    )
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
  return withJson(command).action(async (files: string[], options: Options) => {
    if (options.jsonl) {
      if (files.length > 0) failUsage('--jsonl takes its cases from standard input, no FILE');
      const { verifyBatch } = await import('../batch/test-run-batch.js');
      return verifyBatch(options);
    }
    if (files.length === 0) failUsage('FILE is missing', 'or say --jsonl for cases from standard input');
    const { verifyFiles } = await import('../verify/verify-files.js');
    await verifyFiles(files, options);
  });
}
