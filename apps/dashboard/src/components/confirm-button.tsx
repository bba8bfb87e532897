import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api/api-error';
import { ErrorNote } from './basics';
import { Dialog } from './dialog';

export interface Confirmation {
  readonly title: string;
  /** What is going to happen. */
  readonly text: ComponentChildren;
  readonly confirm: string;
  readonly run: () => Promise<unknown>;
}

/** A button that asks before it does something that can't be undone; a refusal is shown in the same place. */
export function ConfirmButton({
  label,
  children,
  className = 'button',
  ...confirmation
}: Confirmation & { label: string; children: ComponentChildren; className?: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class={className} aria-label={label} title={label} onClick={() => setOpen(true)}>
        {children}
      </button>
      {open && <Confirm {...confirmation} onClose={() => setOpen(false)} />}
    </>
  );
}

function Confirm({ title, text, confirm, run, onClose }: Confirmation & { onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const act = async () => {
    setBusy(true);
    try {
      await run();
      onClose();
    } catch (thrown) {
      setError(asApiError(thrown));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">{text}</div>
      {error && <ErrorNote error={error} />}
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button button-danger" disabled={busy} onClick={act}>
          {confirm}
        </button>
      </footer>
    </Dialog>
  );
}
