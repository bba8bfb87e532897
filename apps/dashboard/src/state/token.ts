const KEY = 'probed.token';

type TokenStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** The token of an address such as `#token=abc`, as the daemon prints it at its start. */
export function tokenOfHash(hash: string): string | undefined {
  const match = /^#\/?token=([^&]+)/.exec(hash);
  return match ? decodeURIComponent(match[1]) : undefined;
}

/** Moves a token from the address to this tab's storage, so that it stays in no history and no bookmark. */
export function takeToken(
  page: Pick<Location, 'hash'>,
  clearHash: () => void,
  store: TokenStore,
): string | undefined {
  const given = tokenOfHash(page.hash);
  if (given === undefined) return store.getItem(KEY) ?? undefined;
  store.setItem(KEY, given);
  clearHash();
  return given;
}

export function keepToken(token: string, store: TokenStore): void {
  store.setItem(KEY, token);
}

export function forgetToken(store: TokenStore): void {
  store.removeItem(KEY);
}
