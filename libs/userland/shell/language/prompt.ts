import type { Sys } from '@probed/system';
import type { Shell } from './shell';

const PROMPT_DEFAULT = '\\s-\\v\\$ ';
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What the escapes of a prompt are made from. */
interface PromptFacts {
  readonly user: string;
  readonly host: string;
  readonly cwd: string;
  readonly home: string;
  readonly root: boolean;
  readonly time: Date;
  readonly shell: Shell;
}

const two = (n: number) => String(n).padStart(2, '0');

function shortened({ cwd, home }: PromptFacts): string {
  if (home !== '' && home !== '/' && (cwd === home || cwd.startsWith(`${home}/`)))
    return `~${cwd.slice(home.length)}`;
  return cwd;
}

/** bash(1), PROMPTING. */
const ESCAPES: Readonly<Record<string, (facts: PromptFacts) => string>> = {
  u: ({ user }) => user,
  h: ({ host }) => host.split('.')[0],
  H: ({ host }) => host,
  w: shortened,
  W: (facts) => (facts.cwd === facts.home ? '~' : facts.cwd.slice(facts.cwd.lastIndexOf('/') + 1) || '/'),
  $: ({ root }) => (root ? '#' : '$'),
  s: ({ shell }) => shell.arg0.slice(shell.arg0.lastIndexOf('/') + 1),
  v: () => '5.2',
  V: () => '5.2.15',
  n: () => '\n',
  r: () => '\r',
  a: () => '\x07',
  e: () => '\x1b',
  '[': () => '',
  ']': () => '',
  '\\': () => '\\',
  j: ({ shell }) => String(shell.jobs.length),
  '#': ({ shell }) => String(shell.history.length + 1),
  '!': ({ shell }) => String(shell.history.length + 1),
  t: ({ time }) => `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`,
  A: ({ time }) => `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`,
  d: ({ time }) => `${DAYS[time.getUTCDay()]} ${MONTHS[time.getUTCMonth()]} ${two(time.getUTCDate())}`,
};

/** The text of PS1 or PS2 as it is shown. */
export function* promptText(shell: Shell, user: string, name: 'PS1' | 'PS2'): Sys<string> {
  const source = shell.vars.get(name) ?? (name === 'PS1' ? PROMPT_DEFAULT : '> ');
  const { u } = shell;
  const facts: PromptFacts = {
    user,
    host: u.task.nsproxy.all.uts.nodename,
    cwd: shell.vars.get('PWD') ?? '/',
    home: shell.vars.get('HOME') ?? '',
    root: u.task.cred.ids.euid === 0,
    time: new Date(Number(u.k.realtimeNs() / 1_000_000n)),
    shell,
  };
  const decoded = source.replace(/\\(0[0-7]{2}|.)/gs, (whole, code: string) => {
    if (/^0[0-7]{2}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return ESCAPES[code]?.(facts) ?? whole;
  });
  return /[$`]/.test(decoded.replace(/[$#] ?$/, '')) ? yield* shell.expandText(decoded) : decoded;
}
