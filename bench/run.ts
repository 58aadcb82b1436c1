/**
 * `npm run bench`: runs every bench and writes the table of BENCHMARKS.md. `npm run bench -- kick-all joins` runs
 * some and only prints.
 */
import type { Bench, Row } from './bench.js';
import { busySession } from './cases/busy-session.js';
import { createParticipant } from './cases/create-participant.js';
import { forwarding } from './cases/forwarding.js';
import { idleMemory } from './cases/idle-memory.js';
import { joins } from './cases/joins.js';
import { kickAll } from './cases/kick-all.js';
import { recording } from './cases/recording.js';
import { recordings } from './cases/recordings.js';
import { webhooks } from './cases/webhooks.js';
import { machine, table, writeBenchmarks } from './report.js';

const BENCHES: Bench[] = [
  kickAll,
  joins,
  busySession,
  createParticipant,
  webhooks,
  idleMemory,
  forwarding,
  recording,
  recordings,
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no bench ${unknown.join(', ')}; there are ${BENCHES.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

const rows: Row[] = [];
for (const bench of BENCHES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const missing = bench.missing?.();
  if (missing) {
    console.error(`${bench.name}: left out, ${missing}`);
    continue;
  }
  console.error(`${bench.name}:`);
  try {
    rows.push(...(await bench.run((line) => console.error(`  ${line}`))));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
console.log(`\n${machine()}\n\n${table(rows)}`);
// A table with a hole would look as if nothing had been there to measure.
if (wanted.length === 0 && process.exitCode === undefined) writeBenchmarks(rows);
// The WebRTC library of the forwarding bench keeps threads for connections that have come and gone.
process.exit();
