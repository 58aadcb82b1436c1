import type { SessionStage } from '../support/session-stage.js';

/** The sum of a gauge over its labels, as `/metrics` tells it now. */
export async function gauge(stage: SessionStage, name: string): Promise<number> {
  const text = await (await fetch(`${stage.parley.httpUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) throw new Error(`There is no gauge ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
