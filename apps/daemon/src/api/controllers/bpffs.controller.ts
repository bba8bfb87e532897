import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { BpffsService } from '../../programs/bpffs-service';
import { Operation } from '../operation';

/** Paths that programs, maps and links are pinned at. */
@Controller()
export class BpffsController {
  constructor(private readonly service: BpffsService) {}

  @Operation('listBpffs')
  async list({ query }: ParsedRequest<'listBpffs'>): Promise<ResponseOf<'listBpffs'>> {
    return { entries: await this.service.list(query) };
  }

  @Operation('pin')
  pin({ body }: ParsedRequest<'pin'>): Promise<ResponseOf<'pin'>> {
    return this.service.pin(body);
  }

  @Operation('unpin')
  async unpin({ query }: ParsedRequest<'unpin'>): Promise<ResponseOf<'unpin'>> {
    await this.service.unpin(query);
    return {};
  }

  @Operation('makeBpffsDirectory')
  makeDirectory({ body }: ParsedRequest<'makeBpffsDirectory'>): Promise<ResponseOf<'makeBpffsDirectory'>> {
    return this.service.makeDirectory(body);
  }

  @Operation('removeBpffsDirectory')
  async removeDirectory({
    query,
  }: ParsedRequest<'removeBpffsDirectory'>): Promise<ResponseOf<'removeBpffsDirectory'>> {
    await this.service.removeDirectory(query);
    return {};
  }
}
