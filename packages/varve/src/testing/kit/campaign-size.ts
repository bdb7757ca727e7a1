/**
 * Size of a campaign in the tests: `short` under `npm test`, `long` under `npm run test:long`. Requires: even the short
 * one is large enough to find what it looks for.
 */
export function campaignSize(short: number, long: number): number {
  return process.env['VARVE_LONG_TESTS'] === '1' ? long : short
}
