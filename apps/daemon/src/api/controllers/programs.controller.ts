import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { KernelPort } from '../../programs/ports';
import { ProgramRegistry } from '../../programs/program-registry';
import { ProgramService } from '../../programs/program-service';
import { Operation } from '../operation';
import { uploadOf } from '../upload';

/** Objects and their programs. */
@Controller()
export class ProgramsController {
  constructor(
    private readonly registry: ProgramRegistry,
    private readonly service: ProgramService,
    private readonly kernel: KernelPort,
  ) {}

  @Operation('uploadProgram')
  upload(request: ParsedRequest<'uploadProgram'>): Promise<ResponseOf<'uploadProgram'>> {
    return this.service.load({ ...uploadOf(request), origin: 'user' });
  }

  @Operation('listObjects')
  async listObjects(): Promise<ResponseOf<'listObjects'>> {
    return { objects: await this.registry.listObjects() };
  }

  @Operation('getObject')
  async getObject({ params }: ParsedRequest<'getObject'>): Promise<ResponseOf<'getObject'>> {
    const object = this.registry.object(params.id);
    await this.registry.refreshCounters();
    return this.registry.wire(object);
  }

  @Operation('unloadObject')
  async unloadObject({ params }: ParsedRequest<'unloadObject'>): Promise<ResponseOf<'unloadObject'>> {
    await this.service.unload(params.id);
    return {};
  }

  @Operation('listPrograms')
  async listPrograms(): Promise<ResponseOf<'listPrograms'>> {
    return { programs: await this.registry.listPrograms() };
  }

  @Operation('getProgram')
  getProgram({ params }: ParsedRequest<'getProgram'>): Promise<ResponseOf<'getProgram'>> {
    return this.registry.program(params.id);
  }

  @Operation('dumpProgram')
  dumpProgram({ params, query }: ParsedRequest<'dumpProgram'>): Promise<ResponseOf<'dumpProgram'>> {
    this.registry.ownerOfProgram(params.id);
    return this.kernel.call('program.dump', { program_id: params.id, format: query.format });
  }

  @Operation('programLog')
  async programLog({ params }: ParsedRequest<'programLog'>): Promise<ResponseOf<'programLog'>> {
    const { id, name } = await this.registry.program(params.id);
    const { processed, log } = await this.kernel.call('program.log', { program_id: id });
    return { id, name, verdict: 'accept', processed, log: [...log] };
  }

  @Operation('unloadProgram')
  async unloadProgram({ params }: ParsedRequest<'unloadProgram'>): Promise<ResponseOf<'unloadProgram'>> {
    await this.service.unloadProgram(params.id);
    return {};
  }
}
