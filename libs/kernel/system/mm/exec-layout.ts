import { writeI64 } from '@probed/base';
import { PAGE_BYTES } from '@probed/memory';
import type { Kernel } from '../kernel';
import type { UserImage } from '../user/image';
import type { ProgramContext } from '../user/programs';
import type { File } from '../vfs/file';
import { AddressSpace, PROT, pageUp, TASK_SIZE, VM } from './address-space';

/** Strings given to execve. */
export interface ExecStrings {
  readonly argv: readonly string[];
  readonly envp: readonly string[];
}

export interface NewProgram {
  readonly mm: AddressSpace;
  readonly image: UserImage;
  readonly context: ProgramContext;
}

/** What has been grown of the stack: strings, and the buffers that libc works with. */
const STACK_BYTES = 264 * 1024;
const MAX_STACK_RANDOM_PAGES = 4096;
const MMAP_GAP = 0x800_0000;
/** Auxiliary vector: AT_* pairs that every x86-64 program gets, values filled in below. */
const AT = {
  NULL: 0,
  PHDR: 3,
  PAGESZ: 6,
  BASE: 7,
  ENTRY: 9,
  UID: 11,
  EUID: 12,
  GID: 13,
  EGID: 14,
  CLKTCK: 17,
  RANDOM: 25,
  EXECFN: 31,
} as const;

const utf8 = new TextEncoder();

/** `load_elf_binary` and `create_elf_tables`: a new address space with image, heap, stack, arguments, environment. */
export function layoutProgram(k: Kernel, file: File, strings: ExecStrings, path: string): NewProgram {
  const mm = new AddressSpace(k);
  const image = k.images.get(file.inode.program!);
  const { marks } = mm;
  const rand = k.aslr;
  const stackTop = TASK_SIZE - rand.below(MAX_STACK_RANDOM_PAGES) * PAGE_BYTES - 16 * rand.below(256);
  mm.mmapBase = TASK_SIZE - MMAP_GAP - MAX_STACK_RANDOM_PAGES * PAGE_BYTES - rand.below(65_536) * PAGE_BYTES;
  mm.setExe(file);
  mapImage(mm, image, file);
  marks.startCode = image.base;
  marks.endCode = image.base + image.textBytes;
  marks.startData = pageUp(marks.endCode);
  marks.endData = marks.startData + image.dataBytes;
  marks.startBrk = pageUp(marks.endData) + PAGE_BYTES * (1 + rand.below(8_192));
  marks.brk = marks.startBrk;
  const stackStart = Math.floor(stackTop / PAGE_BYTES) * PAGE_BYTES + PAGE_BYTES - STACK_BYTES;
  mm.map(stackStart, STACK_BYTES, PROT.READ | PROT.WRITE | VM.GROWSDOWN, '[stack]');
  const context = placeStrings(k, mm, strings, path, stackTop, image);
  mm.writeMarks();
  return { mm, image, context };
}

function mapImage(mm: AddressSpace, image: UserImage, file: File): void {
  mm.map(image.base, image.textBytes, PROT.READ | PROT.EXEC, image.path, file);
  mm.map(
    pageUp(image.base + image.textBytes),
    image.dataBytes,
    PROT.READ | PROT.WRITE,
    image.path,
    undefined,
  );
}

/** Strings at the top, then auxv, envp, argv and argc below them; all of it in user memory. */
function placeStrings(
  k: Kernel,
  mm: AddressSpace,
  { argv, envp }: ExecStrings,
  path: string,
  top: number,
  image: UserImage,
): ProgramContext {
  const block = (texts: readonly string[]) => utf8.encode(texts.map((text) => `${text}\0`).join(''));
  const name = block([path]);
  const env = block(envp);
  const args = block(argv);
  const { marks } = mm;
  const nameAt = top - 8 - name.length;
  marks.envEnd = nameAt;
  marks.envStart = nameAt - env.length;
  marks.argEnd = marks.envStart;
  marks.argStart = marks.argEnd - args.length;
  const randomAt = marks.argStart - 16 - (marks.argStart % 16);
  k.user.write(mm, nameAt, name);
  if (env.length) k.user.write(mm, marks.envStart, env);
  if (args.length) k.user.write(mm, marks.argStart, args);
  k.user.write(mm, randomAt, k.randomBytes(16));
  const { ids } = k.task.cred;
  const aux = [
    [AT.PHDR, image.base + 0x40],
    [AT.PAGESZ, PAGE_BYTES],
    [AT.CLKTCK, 100],
    [AT.BASE, 0],
    [AT.ENTRY, image.base],
    [AT.UID, ids.uid],
    [AT.EUID, ids.euid],
    [AT.GID, ids.gid],
    [AT.EGID, ids.egid],
    [AT.RANDOM, randomAt],
    [AT.EXECFN, nameAt],
    [AT.NULL, 0],
  ];
  const words = [
    argv.length,
    ...addresses(argv, marks.argStart),
    0,
    ...addresses(envp, marks.envStart),
    0,
    ...aux.flat(),
  ];
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) writeI64(view, i * 8, word);
  const sp = randomAt - bytes.length - ((randomAt - bytes.length) % 16);
  k.user.write(mm, sp, bytes);
  marks.startStack = sp;
  return { argv, envp, argvAt: sp + 8, envpAt: sp + 8 * (argv.length + 2), image };
}

function addresses(texts: readonly string[], start: number): number[] {
  let at = start;
  return texts.map((text) => {
    const here = at;
    at += utf8.encode(text).length + 1;
    return here;
  });
}
