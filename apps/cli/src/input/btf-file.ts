import { readBtfFile } from '@probed/assets';
import { Btf } from '@probed/btf';
import { CommandError, orFail } from '../errors';
import { readInputFile } from './read-file';

/** BTF of a file: raw, compressed, or an ELF file's `.BTF`. A kernel module's needs the kernel's as its base. */
export function btfOfFile(path: string, base?: Btf): Btf {
  orFail(readInputFile(path));
  const parsed = Btf.parse(orFail(readBtfFile(path)), base);
  if (parsed.ok) return parsed.value;
  throw new CommandError({ ...parsed.error, where: path });
}
