import { Controller } from '@nestjs/common';
import { diagnostic } from '@probed/base';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { KernelPort, StorePort } from '../../programs/ports';
import { CommandRefused } from '../../threads/rpc';
import { ExecRunner } from '../../workload/exec-runner';
import { Operation } from '../operation';

/** Pods and what is run in their containers. */
@Controller()
export class ExecSessionsController {
  constructor(
    private readonly kernel: KernelPort,
    private readonly store: StorePort,
    private readonly runner: ExecRunner,
  ) {}

  @Operation('listPods')
  async listPods(): Promise<ResponseOf<'listPods'>> {
    return { pods: [...(await this.kernel.call('pod.list', null))] };
  }

  @Operation('listExecSessions')
  async list({ query }: ParsedRequest<'listExecSessions'>): Promise<ResponseOf<'listExecSessions'>> {
    return { sessions: [...(await this.store.call('session.list', query))] };
  }

  @Operation('getExecSession')
  async get({ params }: ParsedRequest<'getExecSession'>): Promise<ResponseOf<'getExecSession'>> {
    const session = await this.store.call('session.get', { id: params.id });
    if (session) return session;
    const hint = 'GET /api/v1/exec-sessions lists them';
    throw new CommandRefused(diagnostic('no-such-session', `no exec session ${params.id}`, { hint }));
  }

  @Operation('startExecSession')
  start({ body }: ParsedRequest<'startExecSession'>): Promise<ResponseOf<'startExecSession'>> {
    return this.runner.run(body);
  }
}
