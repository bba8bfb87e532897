import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api/api-error';

export interface Polled<T> {
  readonly data?: T;
  readonly error?: ApiError;
  /** Asks now. */
  refresh(): Promise<void>;
}

/**
 * Asks again and again while the component is there and its tab visible; the last answer stays when one fails.
 * @param intervalMs pause between an answer and the next question
 */
export function usePolled<T>(
  ask: () => Promise<T>,
  intervalMs: number,
  inputs: readonly unknown[] = [],
): Polled<T> {
  const [state, setState] = useState<{ data?: T; error?: ApiError }>({});
  const generation = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;

  const refresh = useCallback(async () => {
    const asked = generation.current;
    try {
      const data = await latest.current();
      if (asked === generation.current) setState({ data });
    } catch (thrown) {
      if (asked === generation.current) setState(({ data }) => ({ data, error: asApiError(thrown) }));
    }
  }, []);

  useEffect(() => {
    const mine = ++generation.current;
    let timer: ReturnType<typeof setTimeout>;
    const turn = async () => {
      if (!document.hidden) await refresh();
      if (mine === generation.current) timer = setTimeout(turn, intervalMs);
    };
    const onVisible = () => {
      if (!document.hidden) void refresh();
    };
    setState({});
    void turn();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      generation.current++;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [intervalMs, ...inputs]);

  return { ...state, refresh };
}
