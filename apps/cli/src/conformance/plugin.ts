import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromHex } from '@probed/base';
import { decodeInsns } from '@probed/isa';
import { EXIT, fail, failUsage, orFail } from '../errors';
import { type EngineName, runCase } from './engines';
import { runMain } from './run-main';

const HELP = `usage: bpf-conformance-plugin [MEMORY] [--jit | --interpret]

Runs the eBPF byte code on standard input as a plugin of the bpf_conformance suite (RFC 9669) and prints r0 in hex.
The code is not verified, but confined: it reaches MEMORY and its stack, and its loops end.

  MEMORY        hex bytes; r1 points to them, r2 is their number
  --jit         compiled to WebAssembly (the default)
  --interpret   in the reference interpreter

example:
  echo 'b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00' | bpf-conformance-plugin
  bpf_conformance_runner --test_file_directory tests --plugin_path bin/bpf-conformance-plugin

exit codes: 0 done, 1 the code can't run or has faulted, 2 called wrongly`;

/** Most bytes of byte code, as hex text: 1M instructions. */
const TEXT_MAX = 1_000_000 * 8 * 3;

runMain('bpf-conformance-plugin', () => {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(HELP);
    return EXIT.ok;
  }
  if (values.jit && values.interpret) failUsage('--jit and --interpret exclude each other');
  if (positionals.length > 1) failUsage(`one MEMORY is wanted, ${positionals.length} are given`);
  const engine: EngineName = values.interpret ? 'interpret' : 'jit';
  const memory = bytesOf(positionals[0] ?? '', 'MEMORY');
  const text = readFileSync(0, 'latin1');
  if (text.length > TEXT_MAX) fail('too-large', 'standard input: more than 1000000 instructions');
  const insns = orFail(decodeInsns(bytesOf(text, 'standard input')));
  console.log(orFail(runCase(engine, insns, memory)).toString(16));
  return EXIT.ok;
});

function bytesOf(hex: string, where: string): Uint8Array {
  return fromHex(hex) ?? fail('bad-hex', 'hex bytes are wanted, two digits each', { where });
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        jit: { type: 'boolean' },
        interpret: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return failUsage((error as Error).message, 'see --help');
  }
}
