import type { ComponentChildren } from 'preact';

/** Strokes on a 16 by 16 grid; the text beside an icon says what it means. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const stroke = (d: string) => () => (
  <Icon>
    <path d={d} />
  </Icon>
);

export const PauseIcon = stroke('M5.5 3.5v9M10.5 3.5v9');
export const PlayIcon = stroke('M5 3.2v9.6L12.6 8z');
export const SearchIcon = stroke('M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14');
export const CloseIcon = stroke('m4 4 8 8M12 4l-8 8');
export const UploadIcon = stroke('M8 11V2.5M4.5 6 8 2.5 11.5 6M2.5 10.5v3h11v-3');
export const TrashIcon = stroke('M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4');
export const SunIcon = stroke(
  'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3',
);
export const MoonIcon = stroke('M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z');
export const LinkIcon = stroke(
  'M6.5 9.5l3-3M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.2 9M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.8 7',
);
export const CopyIcon = stroke('M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3');
export const WarnIcon = stroke('M8 2 14.5 13.5h-13zM8 6.5v3M8 11.6v.1');
export const LeaveIcon = stroke('M6.5 2.5h-4v11h4M10.5 5 13.5 8l-3 3M13.5 8H6');
export const ClearIcon = stroke('M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM4 12 12 4');

/** The product's mark. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M5 17h5l3-8 5 14 3.2-6H27" />
    </svg>
  );
}
