import { useEffect, useState } from 'preact/hooks';

export interface Window {
  readonly start: number;
  readonly end: number;
  /** Height of what is left out above and below, px. */
  readonly above: number;
  readonly below: number;
}

const OVERSCAN = 8;

/** Which of `count` rows of equal height are to be rendered for what can be seen. */
export function windowOf(count: number, rowHeight: number, scrollTop: number, height: number): Window {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight) - OVERSCAN;
  const start = Math.max(0, Math.min(first, count - 1));
  const end = Math.min(count, Math.max(0, first) + Math.ceil(height / rowHeight) + 2 * OVERSCAN);
  return { start, end, above: start * rowHeight, below: Math.max(0, count - end) * rowHeight };
}

/** Follows the scrolling and the size of a box. */
export function useVirtual(
  box: { readonly current: HTMLElement | null },
  count: number,
  rowHeight: number,
): Window & { readonly scrollTop: number } {
  const [view, setView] = useState({ scrollTop: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const read = () => setView({ scrollTop: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', read);
    };
  }, []);
  return { ...windowOf(count, rowHeight, view.scrollTop, view.height), scrollTop: view.scrollTop };
}
