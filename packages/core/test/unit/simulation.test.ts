import { describe, it } from 'vitest';
import { Simulation } from '../support/simulation.js';

const STEPS = 1000;
/** Run another seed, or one that has failed: `SIMULATION_SEED=123 npx vitest run --project unit simulation`. */
const chosen = process.env.SIMULATION_SEED;

describe('a meeting under random commands', () => {
  const seeds = chosen ? [Number(chosen)] : [1, 2, 3, 4, 5, 6];
  it.each(seeds)('keeps every rule with seed %i', (seed) => {
    Simulation.run(seed, STEPS);
  });
});
