import type { Paint } from '../terminal/style';

/** What the one who has started the daemon should know. */
export interface StartFacts {
  readonly version: string;
  readonly url: string;
  readonly token: string;
  readonly scenario: string;
  readonly nodes: readonly string[];
  readonly objects: readonly { readonly name: string; readonly state: string; readonly programs: number }[];
  readonly links: number;
  readonly database: string;
  /** Set when clients do not find it by themselves. */
  readonly stateDir?: string;
  readonly seconds: number;
  readonly trace: boolean;
}

const LABEL_WIDTH = 11;
/** Commands to begin with. */
const NEXT = ['status', 'trace --pod web', 'exec toolbox -it -- bash'];

/** A few lines: what runs, where to look, what to do next. */
export function banner(facts: StartFacts, paint: Paint): string[] {
  const { version, url, token, scenario, nodes, database, seconds, trace } = facts;
  const row = (label: string, text: string) => `  ${paint(label.padEnd(LABEL_WIDTH), 'dim')}${text}`;
  const { stateDir } = facts;
  return [
    paint(`probed ${version}`, 'bold') +
      `: Linux 6.18 emulated on ${nodes.join(', ')}, scenario ${scenario}, ready in ${seconds.toFixed(1)} s`,
    row('programs', programsText(facts)),
    row('dashboard', paint(`${url}/#token=${token}`, 'cyan')),
    row('REST', `${url}/api/docs`),
    row('database', database),
    ...(stateDir ? [row('clients', `export PROBED_STATE_DIR=${stateDir}`)] : []),
    row('next', NEXT.map((command) => `npx probectl ${command}`).join(' · ')),
    row('stop', 'Ctrl-C'),
    ...(trace ? ['', paint('Live trace, background thinned; everything is in the database:', 'dim')] : []),
  ];
}

function programsText({ objects, links }: StartFacts): string {
  if (objects.length === 0) return 'none yet; probectl prog load FILE, or start with --demo';
  const names = objects.map(({ name, state }) => (state === 'failed' ? `${name} (failed)` : name));
  const programs = objects.reduce((sum, object) => sum + object.programs, 0);
  return `${names.join(', ')}: ${programs} programs, ${links} links`;
}
