import { toHex } from '@probed/base';
import { type Collection, type Machine, xlatedLines } from '@probed/machine';
import type { ProgramSpec } from '@probed/spec';
import { verify } from '@probed/verifier';
import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import type { KernelHost } from '../host';
import { detachLink } from '../links';
import { refuse } from '../refuse';
import { remaining } from '../remains';
import { kernelProgram } from '../wire';

const EBUSY = 16;
const EOPNOTSUPP = 95;
/** `attr.log_level` (include/linux/bpf_verifier.h): BPF_LOG_LEVEL1 with BPF_LOG_STATS. */
const LOG_ALL = 5;

type ProgramCommands = 'program.list' | 'program.dump' | 'program.log' | 'program.unload';

/** Single programs: counters, instructions, the verifier's log. */
export function programCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, ProgramCommands> {
  const { objects } = host;
  return {
    'program.list': () =>
      [...objects.all()].flatMap((object) => [...object.programs.values()].map(kernelProgram)),
    'program.dump': ({ program_id, format }) => {
      const { id, name, object, nodes } = objects.program(program_id);
      const [{ spec, wasm }] = nodes.values();
      if (format === 'xlated')
        return { id, name, format, lines: [...xlatedLines(spec, object.spec.btf, { source: true })] };
      if (!wasm) return refuse('not-jited', `program ${name} is interpreted`, { errno: EOPNOTSUPP });
      return { id, name, format, wasm: toHex(wasm) };
    },
    'program.log': ({ program_id }) => {
      const { object, nodes } = objects.program(program_id);
      const [[node, { verified }]] = nodes;
      const { machine, collection } = object.nodes.find((one) => one.node === node)!;
      return { processed: verified.processed, log: fullLog(verified.spec, collection, machine) };
    },
    'program.unload': ({ program_id }) => {
      const { object, id, name } = objects.program(program_id);
      const elsewhere = [...objects.all()].find(
        (other) => other !== object && [...other.links.values()].some((link) => link.program.id === id),
      );
      if (elsewhere)
        refuse('program-in-use', `program ${name} runs behind a link of object ${elsewhere.name}`, {
          errno: EBUSY,
          hint: 'update that link to another program first',
        });
      host.drain();
      for (const link of [...object.links.values()]) if (link.program.id === id) detachLink(link);
      object.programs.delete(id);
      return { remains: remaining(host) };
    },
  };
}

/** Has the verifier look at an accepted program once more: its log is not kept, since hardly anybody asks for it. */
function fullLog(program: ProgramSpec, { spec, maps }: Collection, { facts }: Machine): readonly string[] {
  const infos = new Map([...maps].map(([name, map]) => [name, map.info]));
  const again = verify(program, infos, facts, {
    logLevel: LOG_ALL,
    license: spec.license,
    objectBtf: spec.btf,
  });
  return again.ok ? again.value.log : again.error.log;
}
