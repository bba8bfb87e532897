import type { Command } from 'commander';

/** `--btf`, `--release`, `--kconfig`: the kernel that is emulated, or judged for. */
export function withKernel(command: Command, btf = 'a kernel whose layout the emulated one wears'): Command {
  return command
    .option('--btf <file>', `${btf}: vmlinux, or its BTF`)
    .option(
      '--release <release>',
      "that kernel's release, e.g. 5.10.0 (default: from the file's name, else 6.18)",
    )
    .option(
      '--kconfig <file>',
      "that kernel's configuration, for .kconfig externs (default: the reference's)",
    );
}
