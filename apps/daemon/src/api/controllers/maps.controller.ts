import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { KernelPort } from '../../programs/ports';
import { ProgramRegistry } from '../../programs/program-registry';
import { Operation } from '../operation';
import { RequestFault } from '../request-fault';

/** Maps and their entries. */
@Controller()
export class MapsController {
  constructor(
    private readonly registry: ProgramRegistry,
    private readonly kernel: KernelPort,
  ) {}

  @Operation('listMaps')
  async listMaps(): Promise<ResponseOf<'listMaps'>> {
    return { maps: this.registry.listMaps() };
  }

  @Operation('getMap')
  async getMap({ params }: ParsedRequest<'getMap'>): Promise<ResponseOf<'getMap'>> {
    return this.registry.map(params.id);
  }

  @Operation('dumpMap')
  async dumpMap({ params, query }: ParsedRequest<'dumpMap'>): Promise<ResponseOf<'dumpMap'>> {
    const map = this.registry.map(params.id);
    return { map, nodes: [...(await this.kernel.call('map.dump', { map_id: map.id, ...query }))] };
  }

  @Operation('lookupMap')
  async lookup({ params, query }: ParsedRequest<'lookupMap'>): Promise<ResponseOf<'lookupMap'>> {
    const { id } = this.registry.map(params.id);
    const { node } = query;
    const entries = await this.kernel.call('map.lookup', { map_id: id, key: keyOf(query.key), node });
    return { map_id: id, entries: [...entries] };
  }

  @Operation('updateMap')
  async update({ params, body }: ParsedRequest<'updateMap'>): Promise<ResponseOf<'updateMap'>> {
    const { id } = this.registry.map(params.id);
    return { map_id: id, entries: [...(await this.kernel.call('map.update', { ...body, map_id: id }))] };
  }

  @Operation('deleteMapEntry')
  async delete({ params, query }: ParsedRequest<'deleteMapEntry'>): Promise<ResponseOf<'deleteMapEntry'>> {
    const { id } = this.registry.map(params.id);
    await this.kernel.call('map.delete', { map_id: id, key: keyOf(query.key), node: query.node });
    return {};
  }
}

function keyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestFault(400, {
      code: 'bad-request',
      message: 'key is not JSON',
      where: 'query.key',
      hint: 'e.g. 7, "text" with its quotes, {"pid":7}, or {"hex":"0a0b"}',
    });
  }
}
