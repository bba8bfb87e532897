import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api/api-error';
import { Api } from '../api/client';
import { ErrorNote } from '../components/basics';
import { Logo } from '../components/icons';

/** Asks for the token; tries it before it is kept. */
export function SignIn({ rejected, onToken }: { rejected: boolean; onToken: (token: string) => void }) {
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await new Api({ token: token.trim() }).call('listLinks');
      onToken(token.trim());
    } catch (thrown) {
      setError(asApiError(thrown));
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <form class="card sign-in-card" onSubmit={submit}>
        <div class="brand brand-large">
          <Logo />
          <h1>probed</h1>
        </div>
        <p class="quiet">
          The daemon prints a link that signs you in when it starts. The token is in that link, and in the
          file <code>admin.token</code> of its state directory.
        </p>
        <label class="field">
          <span>Token</span>
          <input
            class="input mono"
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            required
            autofocus
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {rejected && !error && (
          <p class="note note-warn" role="alert">
            The token is no longer accepted: the daemon may have been given another one.
          </p>
        )}
        {error && <ErrorNote error={error} />}
        <button
          type="submit"
          class="button button-primary button-large"
          disabled={busy || token.trim() === ''}
        >
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
