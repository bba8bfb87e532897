import { Cell } from './cell';

const KEY = 'probed.theme';
export type Theme = 'light' | 'dark';

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const chosen = () => document.documentElement.dataset.theme as Theme | undefined;
const effective = (): Theme => chosen() ?? (systemDark.matches ? 'dark' : 'light');

/** The theme that shows: the one chosen last (`public/theme.js` sets it before the first paint), else the system's. */
export const theme = new Cell<Theme>(effective());
systemDark.addEventListener('change', () => theme.set(effective()));

export function toggleTheme(): void {
  const next: Theme = theme.value === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  theme.set(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden: the choice holds until the page is left.
  }
}
