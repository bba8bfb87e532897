import type { ComponentChildren, Ref } from 'preact';

/** A region that scrolls on its own and can be reached by keyboard. */
export function Scrollable({
  label,
  className,
  box,
  onKeyDown,
  children,
}: {
  label: string;
  className: string;
  box?: Ref<HTMLElement>;
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reachable by keyboard
    <section class={className} aria-label={label} ref={box} tabIndex={0} onKeyDown={onKeyDown}>
      {children}
    </section>
  );
}
