import type { HealthWatch } from '../shell/health-watch';
import type { Route } from '../state/route';

/** What every view is given. */
export interface ViewProps {
  readonly route: Route;
  readonly watch: HealthWatch;
}
