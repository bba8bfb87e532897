import type { Attachment } from './attachment';

/** One link that hangs at many places: live when one of them is. */
export function multiAttachment(hook: string, parts: readonly Attachment[]): Attachment {
  return {
    hook,
    state: parts.some((part) => part.state === 'live') ? 'live' : 'inert',
    places: parts.length,
    detach: () => {
      for (const part of parts) part.detach();
    },
  };
}
