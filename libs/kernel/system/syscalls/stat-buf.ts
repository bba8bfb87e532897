import { writeI64 } from '@probed/base';
import type { Inode } from '../vfs/inode';

const STAT_BYTES = 144;
const STATX_BYTES = 256;
const BLOCK_BYTES = 4096;

/** `struct stat` of x86-64 (`arch/x86/include/uapi/asm/stat.h`). */
export function statBuffer(inode: Inode): Uint8Array {
  const bytes = new Uint8Array(STAT_BYTES);
  const view = new DataView(bytes.buffer);
  writeI64(view, 0, newEncodeDev(inode.sb.dev));
  writeI64(view, 8, inode.ino);
  writeI64(view, 16, inode.nlink);
  view.setUint32(24, inode.mode, true);
  view.setUint32(28, inode.uid, true);
  view.setUint32(32, inode.gid, true);
  writeI64(view, 40, newEncodeDev(inode.rdev));
  writeI64(view, 48, inode.size);
  writeI64(view, 56, BLOCK_BYTES);
  writeI64(view, 64, Math.ceil(inode.size / 512));
  for (const at of [72, 88, 104]) {
    writeI64(view, at, inode.mtimeSec);
    writeI64(view, at + 8, inode.mtimeNsec);
  }
  return bytes;
}

/** `struct statx` with everything that STATX_BASIC_STATS asks for. */
export function statxBuffer(inode: Inode): Uint8Array {
  const bytes = new Uint8Array(STATX_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7ff, true);
  view.setUint32(4, BLOCK_BYTES, true);
  view.setUint32(16, inode.nlink, true);
  view.setUint32(20, inode.uid, true);
  view.setUint32(24, inode.gid, true);
  view.setUint16(28, inode.mode, true);
  writeI64(view, 32, inode.ino);
  writeI64(view, 40, inode.size);
  writeI64(view, 48, Math.ceil(inode.size / 512));
  for (const at of [64, 80, 96, 112]) {
    writeI64(view, at, inode.mtimeSec);
    view.setUint32(at + 8, inode.mtimeNsec, true);
  }
  view.setUint32(128, inode.rdev >>> 20, true);
  view.setUint32(132, inode.rdev & 0xfffff, true);
  view.setUint32(136, inode.sb.dev >>> 20, true);
  view.setUint32(140, inode.sb.dev & 0xfffff, true);
  return bytes;
}

/** The kernel's dev_t as user space has it (`new_encode_dev`). */
function newEncodeDev(dev: number): number {
  const major = dev >>> 20;
  const minor = dev & 0xfffff;
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}
