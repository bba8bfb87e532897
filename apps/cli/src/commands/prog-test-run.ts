import type { Command } from 'commander';
import type { TestRunBatchOptions } from '../batch/test-run-batch';
import { newCommand, withJson } from '../command';
import { failUsage } from '../errors';
import { parseCount, parseSeed } from '../input/values';
import type { TestRunFileOptions } from '../test-run/test-run-file';
import { withKernel } from './kernel-options';

const LOG_LINES_DEFAULT = 16;
const LOG_LINES_MAX = 100_000;
const REPEAT_MAX = 1_000_000;

type Options = TestRunBatchOptions & TestRunFileOptions & { readonly jsonl?: boolean };

/** `probectl prog test-run`. */
export function progTestRunCommand(): Command {
  const command = withKernel(
    newCommand({
      usage: 'test-run [file] [program]',
      summary: 'run a program on a packet or context of your own (BPF_PROG_TEST_RUN)',
      description:
        'Loads FILE and runs one of its programs, as bpf(2) does with BPF_PROG_TEST_RUN: on a packet (socket_filter, ' +
        'sched_cls, sched_act, cgroup_skb, lwt_*, xdp, flow_dissector) or on a context (raw_tracepoint, syscall, and ' +
        'struct __sk_buff or xdp_md beside a packet). Prints r0; --data-out takes the packet as the program left it. ' +
        'Packets and contexts are files of bytes, or hex.\n\n' +
        'With --jsonl, no FILE: one case a line on standard input,\n' +
        '  {"id","type":"xdp|sched_cls|…","insns":"hex","maps":[{"type","key","value","max","flags"}],"data":"hex",\n' +
        '   "license","prog_flags","test_flags"} and, as needed, "caps":["bpf","net_admin"], "expected_attach_type",\n' +
        '   "attach_btf", "btf", "func_info", "line_info", "ctx", "ctx_size_out", "data_size_out", "repeat", "cpu",\n' +
        '   "batch_size", "log_level", "dump":true\n' +
        'and one answer a line on standard output: {"id","verdict":"accept|reject","errno","log","run_errno","retval",\n' +
        '"data_out"}. A map is named in the code by a 64-bit load with src_reg 1 and its index in maps.',
      examples: [
        'probectl prog test-run filter.bpf.o --data-in packet.bin --data-out after.bin',
        'probectl prog test-run tc.bpf.o classify --data-in ffffffffffff000000000000080045000014',
        'probectl prog test-run xdp.bpf.o --data-in packet.bin --repeat 1000 --json',
        'probectl prog test-run raw.bpf.o on_switch --ctx-in 01000000000000000200000000000000',
        'probectl prog test-run --jsonl --both < cases.jsonl > answers.jsonl',
      ],
    }),
  )
    .option('--jsonl', 'cases from standard input, one a line')
    .option('--jit', 'run compiled (default; with --jsonl, for cases that loop or repeat)')
    .option('--interpret', 'run by the reference interpreter')
    .option('--both', 'run both ways (--jsonl only); a difference is an error of the case')
    .option('--data-in <file|hex>', 'the packet')
    .option('--data-out <file>', 'write the packet there afterwards; - prints it in hex')
    .option('--data-size-out <n>', 'room for it, bytes', parseCount(1, 0xffff_ffff))
    .option('--ctx-in <file|hex>', 'the context')
    .option('--ctx-out <file>', 'write the context there afterwards; - prints it in hex')
    .option('--ctx-size-out <n>', 'room for it, bytes', parseCount(1, 0xffff_ffff))
    .option('--repeat <n>', 'run so often, each time on what the last run left', parseCount(1, REPEAT_MAX))
    .option('--flags <n>', 'BPF_F_TEST_* (1 on a cpu, 4 with a complete checksum)', parseCount(0, 0xffff))
    .option('--cpu <n>', 'CPU for --flags 1', parseCount(0, 255))
    .option(
      '--log-lines <n>',
      "last lines of the verifier's log in an answer (--jsonl only)",
      parseCount(0, LOG_LINES_MAX),
      LOG_LINES_DEFAULT,
    )
    .option('--seed <n>', 'same seed, same run', parseSeed);
  return withJson(command).action(
    async (file: string | undefined, program: string | undefined, options: Options) => {
      if (options.jsonl) {
        if (file !== undefined) failUsage('--jsonl takes its cases from standard input, no FILE');
        const { testRunBatch } = await import('../batch/test-run-batch.js');
        return testRunBatch(options);
      }
      if (file === undefined) failUsage('FILE is missing', 'or say --jsonl for cases from standard input');
      if (options.both) failUsage('--both needs --jsonl');
      const { testRunFile } = await import('../test-run/test-run-file.js');
      return testRunFile(file, program, options);
    },
  );
}
