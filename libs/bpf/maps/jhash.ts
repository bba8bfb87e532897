/** Bob Jenkins' lookup3 as the kernel has it (include/linux/jhash.h); results unsigned. */

const JHASH_INITVAL = 0xdead_beef;

/** The three words of state. */
class State {
  a: number;
  b: number;
  c: number;

  constructor(init: number) {
    this.a = this.b = this.c = init | 0;
  }

  mix(): void {
    let { a, b, c } = this;
    a = ((a - c) | 0) ^ rol(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rol(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rol(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rol(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rol(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rol(b, 4);
    b = (b + a) | 0;
    this.a = a;
    this.b = b;
    this.c = c;
  }

  final(): number {
    let { a, b, c } = this;
    c = ((c ^ b) - rol(b, 14)) | 0;
    a = ((a ^ c) - rol(c, 11)) | 0;
    b = ((b ^ a) - rol(a, 25)) | 0;
    c = ((c ^ b) - rol(b, 16)) | 0;
    a = ((a ^ c) - rol(c, 4)) | 0;
    b = ((b ^ a) - rol(a, 14)) | 0;
    c = ((c ^ b) - rol(b, 24)) | 0;
    return c >>> 0;
  }
}

function rol(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** `jhash2`: an array of 32-bit words. */
export function jhash2(words: ArrayLike<number>, seed: number): number {
  const state = new State(JHASH_INITVAL + words.length * 4 + seed);
  let at = 0;
  for (; words.length - at > 3; at += 3) {
    state.a += words[at];
    state.b += words[at + 1];
    state.c += words[at + 2];
    state.mix();
  }
  const left = words.length - at;
  if (left === 0) return state.c >>> 0;
  state.a += words[at];
  if (left > 1) state.b += words[at + 1];
  if (left > 2) state.c += words[at + 2];
  return state.final();
}

/** `jhash`: bytes. */
export function jhash(bytes: Uint8Array, seed: number): number {
  const state = new State(JHASH_INITVAL + bytes.length + seed);
  const word = (at: number) =>
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    state.a += word(at);
    state.b += word(at + 4);
    state.c += word(at + 8);
    state.mix();
  }
  if (bytes.length === at) return state.c >>> 0;
  state.a += word(at);
  state.b += word(at + 4);
  state.c += word(at + 8);
  return state.final();
}
