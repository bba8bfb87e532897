/**
 * A kernel's build configuration (`/proc/config.gz` as text), for `.kconfig` externs and questions of support.
 * Canonical source: Documentation/kbuild/kconfig-language.rst.
 */
export class KernelConfig {
  private readonly options = new Map<string, string | number>();

  /** @param text lines `CONFIG_X=value` and `# CONFIG_X is not set`; other lines are ignored. */
  constructor(text: string) {
    for (const line of text.split('\n')) {
      const at = line.indexOf('=');
      if (!line.startsWith('CONFIG_') || at < 0) continue;
      const value = parseOption(line.slice(at + 1).trim());
      if (value !== undefined) this.options.set(line.slice(0, at), value);
    }
  }

  /** `'y'`, `'m'`, a number, or a string option's text; undefined when the option is not set. */
  get(name: string): string | number | undefined {
    return this.options.get(name);
  }

  /** The same with options set (`'n'` unsets), e.g. what the target has and the reference host lacks. */
  with(changes: Readonly<Record<string, string | number>>): KernelConfig {
    const copy = new KernelConfig('');
    for (const [name, value] of this.options) copy.options.set(name, value);
    for (const [name, value] of Object.entries(changes)) {
      if (value === 'n') copy.options.delete(name);
      else copy.options.set(name, value);
    }
    return copy;
  }

  names(): IterableIterator<string> {
    return this.options.keys();
  }
}

/** A quoted string stays text even when it looks like a number; 64-bit hex beyond 2^53 stays text too. */
function parseOption(text: string): string | number | undefined {
  if (text.startsWith('"')) return text.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1');
  if (text === 'n') return undefined;
  if (/^(0x[0-9a-fA-F]+|-?\d+)$/.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : text;
  }
  return text;
}
