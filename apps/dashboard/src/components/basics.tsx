import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/api-error';
import { VerifierLog } from './verifier-log';

export type Tone = 'ok' | 'warn' | 'bad' | 'muted' | 'accent';

/** A short state in a coloured capsule. */
export function Badge({
  tone = 'muted',
  children,
  title,
}: {
  tone?: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}

/** A coloured point; its meaning is told by `label`, not by colour alone. */
export function Dot({ tone, label }: { tone: Tone; label: string }) {
  return <span class={`dot dot-${tone}`} role="img" aria-label={label} title={label} />;
}

const HUES = 8;

/** A name with a colour of its own, the same one everywhere. */
export function Tag({ name }: { name: string }) {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
  return <span class={`tag hue-${hash % HUES}`}>{name}</span>;
}

/** What a place without contents says: what would be here, and what to do for it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div class="empty-text">{children}</div>}
    </div>
  );
}

/** An error of the API: what, where, what to do next, and the verifier's log when it has one. */
export function ErrorNote({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  return (
    <div class="note note-bad" role="alert">
      <p class="note-title">{error.message}</p>
      {error.where && <p class="note-where mono">{error.where}</p>}
      {error.hint && <p>{error.hint}</p>}
      {error.log && error.log.length > 0 && <VerifierLog lines={error.log} refused />}
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Names and values in two columns. */
export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) =>
        value === undefined || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
