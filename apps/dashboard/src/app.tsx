import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { openServices, ServicesProvider } from './api/services';
import { Banners } from './shell/banners';
import { HealthWatch } from './shell/health-watch';
import { SignIn } from './shell/sign-in';
import { TopBar } from './shell/top-bar';
import { useRoute, VIEW_TITLES, type View } from './state/route';
import { forgetToken, keepToken, takeToken } from './state/token';
import { LiveView } from './views/live/live-view';
import { MapsView } from './views/maps/maps-view';
import { ProgramsView } from './views/programs/programs-view';
import { SessionsView } from './views/sessions/sessions-view';

const VIEW_OF = {
  live: LiveView,
  programs: ProgramsView,
  maps: MapsView,
  sessions: SessionsView,
} as const satisfies Record<View, unknown>;

const clearHash = () => history.replaceState(null, '', '#/live');

/** The page: the sign-in form until there is a token, then the views. */
export function App() {
  const [token, setToken] = useState(() => takeToken(location, clearHash, sessionStorage));
  const [rejected, setRejected] = useState(false);

  // A link with a token that is opened in a tab of this page changes the hash alone.
  useEffect(() => {
    const take = () => {
      const given = takeToken(location, clearHash, sessionStorage);
      if (given) setToken(given);
    };
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, []);

  const signIn = useCallback((given: string) => {
    keepToken(given, sessionStorage);
    setRejected(false);
    setToken(given);
  }, []);
  const signOut = useCallback((wasRejected: boolean) => {
    forgetToken(sessionStorage);
    setRejected(wasRejected);
    setToken(undefined);
  }, []);

  if (token === undefined) return <SignIn rejected={rejected} onToken={signIn} />;
  return <Page key={token} token={token} onSignOut={signOut} />;
}

function Page({ token, onSignOut }: { token: string; onSignOut: (rejected: boolean) => void }) {
  const services = useMemo(() => openServices(token, onSignOut), [token]);
  const watch = useMemo(() => new HealthWatch(services), [services]);
  useEffect(() => watch.start(), [watch]);
  useEffect(() => () => services.stream.close(), [services]);
  const route = useRoute();
  useEffect(() => {
    document.title = `${VIEW_TITLES[route.view]} · probed`;
  }, [route.view]);
  const CurrentView = VIEW_OF[route.view];
  return (
    <ServicesProvider value={services}>
      <button type="button" class="skip-link" onClick={skipToMain}>
        Skip to the contents
      </button>
      <TopBar route={route} watch={watch} />
      <Banners watch={watch} />
      <main id="main" class="main" tabIndex={-1}>
        <CurrentView route={route} watch={watch} />
      </main>
    </ServicesProvider>
  );
}

/** A button: a link would change the hash, which is the page's route. */
function skipToMain(): void {
  document.getElementById('main')?.focus();
}
