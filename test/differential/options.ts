/**
 * How much the differential tests do: `PROBED_DIFFERENTIAL_COUNT` programs a test (default: as each test says, so that
 * all end within seconds), random choices from `PROBED_DIFFERENTIAL_SEED` (default 1).
 */
export function differentialCount(usual: number): number {
  return Number(process.env['PROBED_DIFFERENTIAL_COUNT'] ?? usual);
}

export const differentialSeed = Number(process.env['PROBED_DIFFERENTIAL_SEED'] ?? 1);
