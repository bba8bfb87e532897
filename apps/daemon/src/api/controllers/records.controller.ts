import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { StorePort } from '../../programs/ports';
import { Operation } from '../operation';

/** History of records. */
@Controller()
export class RecordsController {
  constructor(private readonly store: StorePort) {}

  @Operation('listRecords')
  listRecords({ query }: ParsedRequest<'listRecords'>): Promise<ResponseOf<'listRecords'>> {
    return this.store.call('record.query', query);
  }
}
