/** One line of the table: a figure of Parley beside the figure of the thing that it is held against. */
export interface Row {
  /** What was measured, with its unit. */
  what: string;
  parley: number;
  /** What Parley is held against, in the same unit; absent where there is nothing to hold against. */
  baseline?: {
    name: string;
    value: number;
    /** How many times as much Parley's figure is, the middle one of the rounds; not the ratio of the two figures. */
    ratio: number;
  };
  /** What the figure should be; the table says whether it was reached. */
  target?: Target;
}

export interface Target {
  /** In words, for the table. */
  says: string;
  reached(row: Row): boolean;
}

export interface Bench {
  /** As given on the command line. */
  name: string;
  /** Why it cannot run on this machine, or undefined when it can. */
  missing?(): string | undefined;
  run(log: (line: string) => void): Promise<Row[]>;
}

export const atMost = (limit: number, unit: string): Target => ({
  says: `at most ${limit} ${unit}`,
  reached: (row) => row.parley <= limit,
});

export const atMostTimes = (factor: number): Target => ({
  says: `at most ${factor} times`,
  reached: (row) => row.baseline!.ratio <= factor,
});

export const allOf = (...targets: Target[]): Target => ({
  says: targets.map(({ says }) => says).join(', '),
  reached: (row) => targets.every((target) => target.reached(row)),
});
