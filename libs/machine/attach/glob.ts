/** Characters that a pattern of functions may have (tools/lib/bpf/libbpf.c: attach_kprobe_multi). */
const PATTERN = /^[a-zA-Z0-9_.*?]+$/;

/** Whether a pattern of functions is lawful. */
export function isPattern(text: string): boolean {
  return PATTERN.test(text);
}

/** libbpf's `glob_match`: `*` stands for any characters, `?` for one. */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  const source = [...pattern].map((char) => (char === '*' ? '.*' : char === '?' ? '.' : escaped(char)));
  const regex = new RegExp(`^${source.join('').replace(/(\.\*)+/g, '.*')}$`);
  return (name) => regex.test(name);
}

function escaped(char: string): string {
  return char === '.' ? '\\.' : char;
}
