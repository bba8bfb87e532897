import { useEffect, useState } from 'preact/hooks';

/** The views in the order of their tabs. */
export const VIEW_TITLES = {
  live: 'Live',
  programs: 'Programs',
  maps: 'Maps',
  sessions: 'Exec sessions',
} as const;
export type View = keyof typeof VIEW_TITLES;

/** What the page shows, as its address says it: `#/maps/12?node=node-1`. */
export interface Route {
  readonly view: View;
  /** The program, map or session that is open. */
  readonly id?: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Reads a location's hash; what it does not know is the live view. */
export function parseRoute(hash: string): Route {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view, id] = path.split('/').map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  if (!isView(view)) return { view: 'live', query: {} };
  return { view, query, ...(id && { id }) };
}

/** The hash of a route; empty conditions are left out. */
export function routeHash(
  view: View,
  id?: string | number,
  query: Readonly<Record<string, string>> = {},
): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  return `#/${view}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${search && `?${search}`}`;
}

/** The current route; the component renders again when the address changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', follow);
    follow();
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

/** Goes to another place of the page. @param replace without an entry in the history, for filters */
export function navigate(hash: string, replace = false): void {
  if (hash === location.hash) return;
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, '', hash);
  dispatchEvent(new Event('hashchange'));
}

function isView(text: string): text is View {
  return Object.hasOwn(VIEW_TITLES, text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
