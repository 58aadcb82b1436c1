import { median } from './stats.js';

export interface Paired {
  parley: number;
  baseline: number;
  ratio: number;
}

/**
 * Measures Parley and the baseline in turn, so that whatever else the machine does meets both, and takes the middle
 * of the rounds. The first round warms both up and does not count.
 */
export async function inTurn(
  rounds: number,
  log: (line: string) => void,
  measure: { parley(): Promise<number>; baseline(): Promise<number> },
): Promise<Paired> {
  const results: Paired[] = [];
  for (let round = 0; round <= rounds; round++) {
    const parley = await measure.parley();
    const baseline = await measure.baseline();
    const ratio = parley / baseline;
    log(`round ${round}: ${parley.toFixed(1)} and ${baseline.toFixed(1)}, ratio ${ratio.toFixed(2)}`);
    if (round > 0) results.push({ parley, baseline, ratio });
  }
  return {
    parley: median(results.map((result) => result.parley)),
    baseline: median(results.map((result) => result.baseline)),
    ratio: median(results.map((result) => result.ratio)),
  };
}
