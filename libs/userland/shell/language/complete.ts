import type { JustBash, ScriptNode } from '../just-bash';

const INCOMPLETE = /got EOF|unexpected EOF|unexpected end of file/;

/** Whether a text is a whole input, or the beginning of one that goes on on the next line. */
export function isIncomplete(module: JustBash, text: string): boolean {
  if (/(^|[^\\])(\\\\)*\\\n?$/.test(text)) return true;
  let script: ScriptNode;
  try {
    script = module.parse(text);
  } catch (error) {
    return INCOMPLETE.test(error instanceof Error ? error.message : '');
  }
  const bare = text.replace(/(^|\s)#[^\n]*$/, '').trimEnd();
  if (/(\||&&)$/.test(bare) && !/(\\|;|&)\|$/.test(bare)) return true;
  return JSON.stringify(script).includes('"terminated":false');
}
