import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { Logger } from '../app/logger';
import { HealthService } from '../health/health-service';
import { BpffsService } from '../programs/bpffs-service';
import { KernelPort, StorePort } from '../programs/ports';
import { ProgramRegistry } from '../programs/program-registry';
import { ProgramService } from '../programs/program-service';
import { AccessControl } from '../security/access-control';
import { ExecRunner } from '../workload/exec-runner';
import { WorkloadService } from '../workload/workload-service';
import { BpffsController } from './controllers/bpffs.controller';
import { DaemonController } from './controllers/daemon.controller';
import { ExecSessionsController } from './controllers/exec-sessions.controller';
import { HooksController } from './controllers/hooks.controller';
import { LinksController } from './controllers/links.controller';
import { MapsController } from './controllers/maps.controller';
import { ProgramsController } from './controllers/programs.controller';
import { RecordsController } from './controllers/records.controller';
import { WorkloadController } from './controllers/workload.controller';
import { OperationGuard } from './operation.guard';

/** Every controller of the REST API. */
export const CONTROLLERS = [
  ProgramsController,
  LinksController,
  BpffsController,
  MapsController,
  HooksController,
  RecordsController,
  ExecSessionsController,
  WorkloadController,
  DaemonController,
];

/** What the API serves from. */
export interface ApiServices {
  readonly log: Logger;
  readonly access: AccessControl;
  readonly kernel: KernelPort;
  readonly store: StorePort;
  readonly registry: ProgramRegistry;
  readonly programs: ProgramService;
  readonly bpffs: BpffsService;
  readonly workload: WorkloadService;
  readonly exec: ExecRunner;
  readonly health: HealthService;
}

@Module({})
class ApiModule {}

/** The REST API over services that the composition root has made. */
export function apiModule(services: ApiServices): DynamicModule {
  return { module: ApiModule, controllers: CONTROLLERS, providers: providersOf(services) };
}

function providersOf(services: ApiServices): Provider[] {
  return [
    { provide: Logger, useValue: services.log },
    { provide: AccessControl, useValue: services.access },
    { provide: KernelPort, useValue: services.kernel },
    { provide: StorePort, useValue: services.store },
    { provide: ProgramRegistry, useValue: services.registry },
    { provide: ProgramService, useValue: services.programs },
    { provide: BpffsService, useValue: services.bpffs },
    { provide: WorkloadService, useValue: services.workload },
    { provide: ExecRunner, useValue: services.exec },
    { provide: HealthService, useValue: services.health },
    OperationGuard,
  ];
}
