import { useState } from 'preact/hooks';
import { CopyIcon } from './icons';

/** Copies a text; says so for a moment. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  // The clipboard is there on https and on localhost alone.
  if (!navigator.clipboard) return null;
  return (
    <button type="button" class="button button-quiet" onClick={copy}>
      <CopyIcon />
      {copied ? 'Copied' : label}
    </button>
  );
}
