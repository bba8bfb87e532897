import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { KernelPort } from '../../programs/ports';
import { ProgramRegistry } from '../../programs/program-registry';
import { ProgramService } from '../../programs/program-service';
import { Operation } from '../operation';

/** Where programs are attached. */
@Controller()
export class LinksController {
  constructor(
    private readonly registry: ProgramRegistry,
    private readonly service: ProgramService,
    private readonly kernel: KernelPort,
  ) {}

  @Operation('listLinks')
  async listLinks(): Promise<ResponseOf<'listLinks'>> {
    await this.registry.refreshCounters();
    return { links: this.registry.listLinks() };
  }

  @Operation('getLink')
  async getLink({ params }: ParsedRequest<'getLink'>): Promise<ResponseOf<'getLink'>> {
    await this.registry.refreshCounters();
    return this.registry.link(params.id);
  }

  @Operation('attach')
  attach({ body }: ParsedRequest<'attach'>): Promise<ResponseOf<'attach'>> {
    const { program_id, node, ...options } = body;
    return this.service.attach(program_id, options, node);
  }

  @Operation('updateLink')
  updateLink({ params, body }: ParsedRequest<'updateLink'>): Promise<ResponseOf<'updateLink'>> {
    return this.service.updateLink(params.id, body.program_id);
  }

  @Operation('explainLink')
  async explainLink({ params }: ParsedRequest<'explainLink'>): Promise<ResponseOf<'explainLink'>> {
    this.registry.ownerOfLink(params.id);
    const nodes = await this.kernel.call('link.why', { link_id: params.id });
    await this.registry.refreshCounters();
    const link = this.registry.link(params.id);
    return { link, nodes: nodes.map(({ node, findings }) => ({ node, findings: [...findings] })) };
  }

  @Operation('readLink')
  async readLink({ params, query }: ParsedRequest<'readLink'>): Promise<ResponseOf<'readLink'>> {
    const { id, program } = this.registry.link(params.id);
    const nodes = await this.kernel.call('link.read', { link_id: id, ...query });
    return { id, program, nodes };
  }

  @Operation('detach')
  async detach({ params }: ParsedRequest<'detach'>): Promise<ResponseOf<'detach'>> {
    await this.service.detach(params.id);
    return {};
  }
}
