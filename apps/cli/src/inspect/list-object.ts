import { loadKernelImage } from '@probed/assets';
import { formatDiagnostic } from '@probed/base';
import type { Btf } from '@probed/btf';
import { listVariables, type ObjectSpec, programFault } from '@probed/object';
import { mapType, programTypeName } from '@probed/spec';
import { orFail } from '../errors';
import { ObjectFiles } from '../input/object-file';
import { formatTable } from '../output/columns';
import { Printer } from '../output/printer';

/** `probectl prog list`. */
export async function listObject(file: string, options: { json?: boolean }): Promise<void> {
  const object = orFail(await new ObjectFiles(loadKernelImage()).read(file));
  const printer = new Printer(options.json === true);
  const programs = object.programs.map(programRow);
  const maps = object.maps.map((map) => ({
    ...mapRow(map),
    key: typeName(object.btf, map.keyTypeId),
    value: typeName(object.btf, map.valueTypeId),
  }));
  const variables = variableRows(object);
  const warnings = object.warnings ?? [];
  printer.document({ file, license: object.license, programs, maps, variables, warnings });
  printer.text(programTable(programs));
  for (const { fault } of programs) if (fault) printer.text(`  ${fault}`);
  for (const warning of warnings) printer.text(`  ${warning}`);
  if (maps.length) printer.text(`\n${mapTable(maps)}`);
  if (variables.length) printer.text(`\n${variableTable(variables)}`);
  await printer.drain();
}

function programRow(program: ObjectSpec['programs'][number]) {
  const { name, section, type, insns, optional, attachTo } = program;
  const fault = programFault(program);
  return {
    name,
    section,
    type: programTypeName(type),
    target: attachTo,
    insns: insns.length,
    optional,
    /** Why it cannot be loaded, on any kernel. */
    ...(fault && { fault: formatDiagnostic(fault) }),
  };
}

function mapRow({ name, type, keySize, valueSize, maxEntries, flags }: ObjectSpec['maps'][number]) {
  const typeText = mapType(type)?.name ?? String(type);
  return { name, type: typeText, key_size: keySize, value_size: valueSize, max_entries: maxEntries, flags };
}

/** Variables of the programmer's, without the string literals that the compiler puts among them. */
function variableRows(object: ObjectSpec) {
  return listVariables(object)
    .filter(({ name }) => !/(^|\.)_{2,}fmt/.test(name))
    .map(({ name, section, size, typeId, readOnly }) => ({
      name,
      section,
      type: typeName(object.btf, typeId),
      size,
      read_only: readOnly,
    }));
}

/** A short name of a type; empty when it has none. */
function typeName(btf: Btf | undefined, typeId: number): string {
  if (!btf || typeId === 0) return '';
  const type = btf.type(typeId);
  if (type.kind === 'ptr') return `${typeName(btf, type.typeId) || 'void'} *`;
  if (type.kind === 'array') return `${typeName(btf, type.elemTypeId)}[${type.count}]`;
  if (type.kind === 'struct' || type.kind === 'union' || type.kind === 'enum')
    return `${type.kind} ${type.name}`.trim();
  return type.name || ('typeId' in type ? typeName(btf, type.typeId) : '');
}

function programTable(rows: readonly ReturnType<typeof programRow>[]): string {
  return formatTable(
    [{ title: 'PROGRAM' }, { title: 'SECTION' }, { title: 'TYPE' }, { title: 'INSNS', align: 'right' }],
    rows.map(({ name, section, type, insns }) => [name, section, type, String(insns)]),
  );
}

function mapTable(rows: readonly (ReturnType<typeof mapRow> & { key: string; value: string })[]): string {
  return formatTable(
    [
      { title: 'MAP' },
      { title: 'TYPE' },
      { title: 'KEY', align: 'right' },
      { title: 'VALUE', align: 'right' },
      { title: 'MAX', align: 'right' },
      { title: 'TYPES' },
    ],
    rows.map((map) => [
      map.name,
      map.type,
      String(map.key_size),
      String(map.value_size),
      String(map.max_entries),
      map.key || map.value ? `${map.key || '?'} → ${map.value || '?'}` : '',
    ]),
  );
}

function variableTable(rows: ReturnType<typeof variableRows>): string {
  return formatTable(
    [{ title: 'VARIABLE' }, { title: 'SECTION' }, { title: 'TYPE' }, { title: 'SIZE', align: 'right' }],
    rows.map(({ name, section, type, size }) => [name, section, type, String(size)]),
  );
}
