import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromHex } from '@probed/base';
import { decodeInsns } from '@probed/isa';
import { EXIT, failUsage, orFail } from '../errors';
import { parseJson } from '../input/json-reader';
import { ENGINES, type EngineName, runCase } from './engines';
import { runMain } from './run-main';

const HELP = `usage: npm run conformance -- FILE [--jit | --interpret] [-v]

Runs assembled cases of the bpf_conformance suite, one JSON document a line:
  {"name": "add", "insns": HEX, "mem": HEX, "result": "0x3"}
through the JIT and the interpreter, or through one of them, and compares r0.

  -v, --verbose   also list what passed

example: npm run conformance -- vectors.jsonl

exit codes: 0 all passed, 1 some failed, 2 called wrongly`;

interface Vector {
  readonly name: string;
  readonly insns: string;
  readonly mem: string;
  readonly result: string;
}

runMain('conformance', () => {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(HELP);
    return EXIT.ok;
  }
  if (positionals.length !== 1) failUsage('one FILE is wanted', 'see --help');
  const vectors = readVectors(positionals[0]);
  const chosen = (Object.keys(ENGINES) as EngineName[]).filter((name) => values[name]);
  const engines = chosen.length > 0 ? chosen : (Object.keys(ENGINES) as EngineName[]);
  let failed = 0;
  for (const engine of engines) {
    const faults = vectors.flatMap((vector) => {
      const fault = judge(engine, vector);
      if (fault === undefined && values.verbose) console.log(`ok    ${engine}  ${vector.name}`);
      return fault === undefined ? [] : [`FAIL  ${engine}  ${vector.name}: ${fault}`];
    });
    for (const line of faults) console.log(line);
    console.log(`${engine}: ${vectors.length - faults.length} of ${vectors.length} passed`);
    failed += faults.length;
  }
  return failed === 0 ? EXIT.ok : EXIT.failed;
});

function readVectors(file: string): Vector[] {
  const lines = readText(file).split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const where = `${file}:${index + 1}`;
    const { name, insns, mem = '', result } = orFail(parseJson(line, where)) as Partial<Vector>;
    if (name === undefined || insns === undefined || result === undefined)
      return failUsage(`${where}: name, insns and result are wanted`);
    return [{ name, insns, mem, result }];
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return failUsage(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** What is wrong with the outcome of a case; undefined when it is as it should be. */
function judge(engine: EngineName, { insns, mem, result }: Vector): string | undefined {
  const code = fromHex(insns);
  const memory = fromHex(mem);
  if (!code || !memory) return 'insns and mem have to be hex';
  const decoded = decodeInsns(code);
  const outcome = decoded.ok ? runCase(engine, decoded.value, memory) : decoded;
  if (!outcome.ok) return outcome.error.message;
  const wanted = BigInt(result);
  return outcome.value === wanted ? undefined : `r0 is 0x${outcome.value.toString(16)}, not ${result}`;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        jit: { type: 'boolean' },
        interpret: { type: 'boolean' },
        verbose: { type: 'boolean', short: 'v' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return failUsage((error as Error).message, 'see --help');
  }
}
