/**
 * The size of a campaign in the tests: `short` under `npm test`, `long` under `npm run test:long`.
 * Requires: the short campaign is large enough to find its faults.
 */
export function campaignSize(short: number, long: number): number {
  return process.env['VARVE_LONG_TESTS'] === '1' ? long : short
}
