import { availableParallelism } from 'node:os';
import type { RecorderEvent, StartPhase } from '@parley/recorder';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { StartDelay } from '../database/tables/recordings.js';
import type { Database } from '../database/tables.js';
import type { RecordingId } from '../ids.js';
import type { ReadyRecorders } from '../recorders/ready-recorders.js';
import type { RecorderLaunch, RecorderListeners, RecorderProcess } from '../recorders/recorder-process.js';
import { noteStartDelay } from './store.js';

/** Whoever waits longer for his recording to begin is told why. */
const SLOW_AFTER_MS = 5_000;

type Phase = 'process' | StartPhase;

const DOING: Record<Phase, string> = {
  process: 'starting the recorder',
  browser: 'starting the browser',
  capture: 'preparing the capture',
  page: 'loading the page',
  session: 'entering the session',
  encoding: 'encoding the first picture',
};
const PHASES = Object.keys(DOING) as Phase[];

export interface StartsOptions {
  db: Kysely<Database>;
  log: Logger;
  recorders: Pick<ReadyRecorders, 'start' | 'atWork'>;
}

/** Starts the recorders of recordings; where one is slow to begin, its row says why, at once and when it has begun. */
export class Starts {
  constructor(private readonly options: StartsOptions) {}

  async start(
    id: RecordingId,
    launch: RecorderLaunch,
    listeners: RecorderListeners,
  ): Promise<RecorderProcess> {
    const { recorders } = this.options;
    if (launch.order.kind !== 'record') return await recorders.start(launch, listeners);
    let noted = Promise.resolve();
    const onSlow = (delay: StartDelay, hasBegun: boolean) => {
      if (hasBegun) this.options.log.warn({ recordingId: id, ...delay }, 'A recording began late');
      noted = noted.then(() => this.#note(id, delay));
    };
    return await recorders.start(
      launch,
      watchStart(listeners, () => recorders.atWork, onSlow),
    );
  }

  async #note(id: RecordingId, delay: StartDelay): Promise<void> {
    const { db, log } = this.options;
    await noteStartDelay(db, id, delay).catch((error: unknown) =>
      log.warn({ err: error, recordingId: id }, 'It could not be noted why a recording begins late'),
    );
  }
}

/**
 * Hands on what a recorder tells from its start on. `onSlow` is called when that takes longer than `slowAfterMs`, and
 * again when such a recorder has begun. `atWork` counts it among the starting ones.
 */
export function watchStart(
  listeners: RecorderListeners,
  atWork: () => { starting: number; begun: number },
  onSlow: (delay: StartDelay, hasBegun: boolean) => void,
  slowAfterMs = SLOW_AFTER_MS,
): RecorderListeners {
  const startedAtMs = Date.now();
  const spent: { phase: Phase; ms: number }[] = [];
  let sinceMs = startedAtMs;
  let beside: string | null = null;

  const tell = (hasBegun: boolean) => {
    const nowMs = Date.now();
    const present = PHASES[spent.length];
    const phases = hasBegun || !present ? spent : [...spent, { phase: present, ms: nowMs - sinceMs }];
    const times = phases.map(({ phase, ms }) => `${DOING[phase]} ${seconds(ms)} s`);
    const reason = `${times.join(', ')}${hasBegun ? '' : ' so far'}; ${beside}, on ${availableParallelism()} processor cores`;
    onSlow({ seconds: seconds(nowMs - startedAtMs), reason }, hasBegun);
  };
  const timer = setTimeout(() => {
    const { starting, begun } = atWork();
    beside = `after five seconds ${starting - 1} other recorders were starting and ${begun} recording`;
    tell(false);
  }, slowAfterMs);

  return {
    onEvent: (event: RecorderEvent) => {
      if (event.kind === 'starting') {
        const nowMs = Date.now();
        // What a recorder needs before it can tell the time.
        if (spent.length === 0) spent.push({ phase: 'process', ms: nowMs - sinceMs - event.ms });
        spent.push({ phase: event.phase, ms: event.ms });
        sinceMs = nowMs;
      }
      if (event.kind === 'recording') {
        clearTimeout(timer);
        if (beside !== null) tell(true);
      }
      listeners.onEvent(event);
    },
    onExit: (reason) => {
      clearTimeout(timer);
      listeners.onExit(reason);
    },
  };
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
