import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { ProgramRegistry } from '../../programs/program-registry';
import { ProgramService } from '../../programs/program-service';
import { Operation } from '../operation';

/** Where programs are attached. */
@Controller()
export class LinksController {
  constructor(
    private readonly registry: ProgramRegistry,
    private readonly service: ProgramService,
  ) {}

  @Operation('listLinks')
  async listLinks(): Promise<ResponseOf<'listLinks'>> {
    return { links: this.registry.listLinks() };
  }

  @Operation('attach')
  attach({ body }: ParsedRequest<'attach'>): Promise<ResponseOf<'attach'>> {
    const { program_id, node, ...options } = body;
    return this.service.attach(program_id, options, node);
  }

  @Operation('detach')
  async detach({ params }: ParsedRequest<'detach'>): Promise<ResponseOf<'detach'>> {
    await this.service.detach(params.id);
    return {};
  }
}
