import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { CloseIcon } from './icons';

/** A panel beside the view; the view stays usable. Escape closes it. */
export function Drawer({
  title,
  label,
  onClose,
  children,
}: {
  title: ComponentChildren;
  label: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) onClose();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <aside class="drawer" aria-label={label} ref={panel}>
      <header class="drawer-head">
        <h2>{title}</h2>
        <button type="button" class="icon-button" aria-label="Close details" onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      <div class="drawer-body">{children}</div>
    </aside>
  );
}
