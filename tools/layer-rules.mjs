// Turns the layer table into dependency-cruiser rules: one place states the layers, this file only translates.

/** The folder of one lib; `libs/machine` is a lib and a folder at once. */
const libPath = (folder, lib) => (folder === `libs/${lib}` ? folder : `${folder}/${lib}`);
const NODE_API = { dependencyTypes: ['core'] };
const NEST = { path: 'node_modules/(@nestjs|socket\\.io|better-sqlite3)' };

/** @param {{folders: object[], within: Record<string, string[]>}} table contents of layers.json */
export function layerRules(table) {
  return [
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...table.folders.flatMap((row, i) => folderRules(table, row, table.folders.slice(i + 1))),
  ];
}

function folderRules(table, row, below) {
  const from = { path: `^${row.folder}/` };
  const rules = row.libs.flatMap((lib) => libRules(table, row, lib));
  if (below.length) {
    const path = below.map((b) => `^${b.folder}/`);
    rules.push({
      name: `layer:${row.folder}-imports-from-above-only`,
      severity: 'error',
      from,
      to: { path },
    });
  }
  if (row.forbidFolders) {
    const path = row.forbidFolders.map((f) => `^${f}/`);
    rules.push({ name: `layer:${row.folder}-must-not-know`, severity: 'error', from, to: { path } });
  }
  if (row.forbidNode)
    rules.push({ name: `pure:${row.folder}-no-node`, severity: 'error', from, to: NODE_API });
  if (row.forbidNest) rules.push({ name: `pure:${row.folder}-no-nest`, severity: 'error', from, to: NEST });
  return rules;
}

function libRules(table, row, lib) {
  const own = libPath(row.folder, lib);
  const banned = row.libs.filter((other) => other !== lib && !table.within[lib].includes(other));
  const rules = [
    {
      name: `surface:${lib}-only-through-index`,
      severity: 'error',
      from: { pathNot: `^${own}/` },
      to: { path: `^${own}/`, pathNot: `^${own}/(index\\.ts|src/main\\.ts)$` },
    },
  ];
  if (banned.length) {
    const path = banned.map((other) => `^${libPath(row.folder, other)}/`);
    rules.push({
      name: `layer:${lib}-siblings`,
      severity: 'error',
      from: { path: `^${own}/` },
      to: { path },
    });
  }
  return rules;
}
