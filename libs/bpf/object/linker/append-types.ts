import type { Btf } from '@probed/btf';
import { refuse } from './fault';
import type { GlobalSymbol, Output } from './output';
import type { SourceObject, SourceSection } from './source';

/**
 * Appends the types of an object, one FUNC or VAR for each global symbol, and notes the variables of its data sections.
 * tools/lib/bpf/linker.c: linker_append_btf.
 */
export function appendTypes(output: Output, source: SourceObject): void {
  const { btf } = source;
  if (!btf) return;
  const first = output.btf.nextId;
  for (let id = 1; id < btf.typeCount; id++)
    if (btf.kind(id) !== 'datasec') source.typeMap[id] = appendType(output, btf, id);
  output.btf.remap(first, (id) => {
    const now = source.typeMap[id];
    if (now === 0 && id !== 0) refuse(`type ${id} belongs to a symbol that is not linked`, source.name);
    return now;
  });
  for (const symbol of output.globals.values()) settleType(output, source, btf, symbol);
  for (const section of source.sections)
    if (section.variables && !section.skipped) appendVariables(output, source, section);
}

/** The id that a type has in the output; 0 when it is left out. */
function appendType(output: Output, btf: Btf, id: number): number {
  const type = btf.type(id);
  if ((type.kind !== 'func' && type.kind !== 'var') || type.linkage === 'static')
    return output.btf.append(btf, id);
  const symbol = output.globals.get(type.name);
  // Those of sections that were merged (license, version).
  if (!symbol) return 0;
  if (symbol.needsType) {
    symbol.needsType = false;
    symbol.pendingType = type.typeId;
  }
  if (symbol.btfId !== 0) return symbol.btfId;
  symbol.btfId = output.btf.append(btf, id);
  symbol.pendingType = type.typeId;
  return symbol.btfId;
}

/** Points the FUNC or VAR of a symbol to the type that its definition has. */
function settleType(output: Output, source: SourceObject, btf: Btf, symbol: GlobalSymbol): void {
  if (symbol.pendingType === undefined || symbol.btfId === 0) return;
  output.btf.retarget(symbol.btfId, source.typeMap[symbol.pendingType]);
  symbol.typeBytes = btf.sizeOf(symbol.pendingType);
  symbol.pendingType = undefined;
}

function appendVariables(output: Output, source: SourceObject, section: SourceSection): void {
  const { target, variables = [], offset: moved } = section;
  if (!target) return;
  target.hasBtf = true;
  for (const { typeId, offset, size } of variables) {
    const symbol = globalOf(output, source, typeId);
    if (symbol && symbol.section !== target)
      refuse(
        `'${symbol.name}' lies in section ${section.name}, elsewhere in ${symbol.section?.name ?? 'none'}`,
        source.name,
      );
    if (symbol && symbol.variable >= 0) {
      if (source.btf?.kind(typeId) === 'func') continue;
      const known = target.variables[symbol.variable];
      // libbpf's linker leaves the extern's offset, and such an object then does not load.
      const place = symbol.source === source ? moved + offset : known.offset;
      target.variables[symbol.variable] = { ...known, size: symbol.typeBytes, offset: place };
      continue;
    }
    if (symbol) symbol.variable = target.variables.length;
    const id = source.typeMap[typeId];
    if (id === 0) refuse(`a variable of section ${section.name} has no symbol`, source.name);
    target.variables.push({ typeId: id, size, offset: moved + offset });
  }
}

function globalOf(output: Output, { btf }: SourceObject, typeId: number): GlobalSymbol | undefined {
  const type = btf?.type(typeId);
  if ((type?.kind !== 'func' && type?.kind !== 'var') || type.linkage === 'static') return undefined;
  return output.globals.get(type.name);
}
