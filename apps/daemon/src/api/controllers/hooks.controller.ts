import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { KernelPort } from '../../programs/ports';
import { Operation } from '../operation';

/** What programs can attach to. */
@Controller()
export class HooksController {
  constructor(private readonly kernel: KernelPort) {}

  @Operation('listHooks')
  listHooks({ query }: ParsedRequest<'listHooks'>): Promise<ResponseOf<'listHooks'>> {
    return this.kernel.call('hook.list', query);
  }
}
