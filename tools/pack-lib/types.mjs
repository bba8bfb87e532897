// The library's declarations: those of lib `sdk` and of what they mention, with paths in place of aliases. CommonJS and
// ES modules each get a set, since a declaration file is of the module system that its name says.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const STATEMENT = /(?:import|export) (?:type )?(?:\{([^}]*)\}|\*) from '([^']+)'/g;
/** `Symbol.dispose` is of a library that consumers' settings may not name. */
const HEAD = '/// <reference lib="esnext.disposable" />\n';
const SYSTEMS = [
  { ending: '.d.ts', module: '.js' },
  { ending: '.d.mts', module: '.mjs' },
];

export function writeTypes(root, out) {
  const emitted = mkdtempSync(join(tmpdir(), 'probed-types-'));
  try {
    emit(root, emitted);
    const { paths } = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8')).jsc;
    const entry = join(emitted, 'libs/sdk/index.d.ts');
    for (const file of declarations(join(emitted, 'libs/sdk')))
      writeFileSync(file, usedImports(readFileSync(file, 'utf8')));
    const files = reachable(entry, (specifier, from) => resolveImport(emitted, paths, specifier, from));
    for (const system of SYSTEMS) {
      for (const [file, imports] of files) writeOne(emitted, out, entry, file, imports, system);
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

function emit(root, outDir) {
  const config = join(outDir, 'tsconfig.json');
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const paths = Object.fromEntries(
    Object.entries(compilerOptions.paths).map(([name, [file]]) => [name, [join(root, file)]]),
  );
  const options = {
    ...compilerOptions,
    paths,
    typeRoots: [join(root, 'node_modules/@types')],
    rootDir: root,
    outDir,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    noCheck: true,
  };
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: options, files: [join(root, 'libs/sdk/index.ts')] }),
  );
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
    stdio: 'inherit',
  });
}

function declarations(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => join(folder, name));
}

/** Imports that only what is internal needed are still there when that has been stripped. */
function usedImports(text) {
  return text.replace(/^import (?:type )?\{([^}]*)\} from '[^']+';\n/gm, (statement, names) => {
    const rest = text.replace(STATEMENT, '');
    const locals = names.split(',').map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/^.* as /, ''),
    );
    return locals.some((name) => new RegExp(`\\b${name}\\b`).test(rest)) ? statement : '';
  });
}

/** Every file that the entry leads to, with the file that each import statement of ours means. */
function reachable(entry, resolveFrom) {
  const files = new Map();
  const waiting = [entry];
  while (waiting.length > 0) {
    const file = waiting.pop();
    if (files.has(file)) continue;
    const imports = new Map();
    for (const [statement, names, specifier] of readFileSync(file, 'utf8').matchAll(STATEMENT)) {
      const found = resolveFrom(specifier, file);
      if (!found) continue;
      const target = declaringFile(found, namesIn(names), resolveFrom);
      imports.set(statement, target);
      waiting.push(target);
    }
    files.set(file, imports);
  }
  return files;
}

function namesIn(list) {
  return (list ?? '')
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/, ''),
    )
    .filter(Boolean);
}

/** Where an index file has names from, if from one file: what else the index leads to need not come along. */
function declaringFile(index, names, resolveFrom) {
  if (!index.endsWith('index.d.ts') || names.length === 0) return index;
  for (const [, exported, specifier] of readFileSync(index, 'utf8').matchAll(STATEMENT)) {
    const here = namesIn(exported);
    if (names.every((name) => here.includes(name)))
      return declaringFile(resolveFrom(specifier, index), names, resolveFrom);
  }
  return index;
}

/** The declaration file of an import of ours; undefined for packages. */
function resolveImport(emitted, paths, specifier, from) {
  const alias = paths[specifier]?.[0];
  if (alias) return join(emitted, alias.replace(/\.ts$/, '.d.ts'));
  if (!specifier.startsWith('.')) return undefined;
  const base = join(dirname(from), specifier);
  const found = [`${base}.d.ts`, join(base, 'index.d.ts')].find((file) => existsSync(file));
  if (!found) throw new Error(`${from} imports ${specifier}, which has no declarations`);
  return found;
}

/** Places of the declarations in the package: the entry at its root, the others in `types`. */
function placeOf(emitted, entry, file, ending) {
  const path =
    file === entry ? 'index' : join('types', relative(join(emitted, 'libs'), file).replace(/\.d\.ts$/, ''));
  return `${path}${ending}`;
}

function writeOne(emitted, out, entry, file, imports, { ending, module }) {
  const place = placeOf(emitted, entry, file, ending);
  const text = readFileSync(file, 'utf8').replace(STATEMENT, (statement, _names, specifier) => {
    const target = imports.get(statement);
    if (!target) return statement;
    const path = relative(dirname(place), placeOf(emitted, entry, target, module));
    return statement.replace(`'${specifier}'`, `'${path.startsWith('.') ? path : `./${path}`}'`);
  });
  mkdirSync(dirname(join(out, place)), { recursive: true });
  writeFileSync(join(out, place), file === entry ? HEAD + text : text);
}
