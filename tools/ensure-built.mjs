// Builds dist/ when it is missing or older than the sources, so that README commands need no build step of their own.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = /\.(tsx?|css|html|mjs)$/;

/** What is built: by which script, from which folders, and a file that is written last. */
const BUILDS = [
  { script: 'build:node', from: ['apps/cli', 'apps/daemon', 'libs'], marker: 'dist/apps/cli/src/main.js' },
  {
    script: 'build:web',
    from: ['apps/dashboard', 'libs/service/protocol'],
    marker: 'dist/apps/dashboard/index.html',
  },
];

function newest(dir) {
  let time = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) time = Math.max(time, newest(path));
    else if (SOURCE.test(entry.name)) time = Math.max(time, statSync(path).mtimeMs);
  }
  return time;
}

function isStale({ from, marker }) {
  const file = join(root, marker);
  return (
    !existsSync(file) || Math.max(...from.map((dir) => newest(join(root, dir)))) > statSync(file).mtimeMs
  );
}

/** The first build empties dist/, so once it runs all others do. */
const first = BUILDS.findIndex(isStale);
if (first >= 0) {
  console.error('building …');
  for (const { script } of BUILDS.slice(first))
    execFileSync('npm', ['run', '--silent', script], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
