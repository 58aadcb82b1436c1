import { availableParallelism, totalmem } from 'node:os';
import { integer, path, port } from '../parsers.js';
import type { Rows } from '../setting.js';

/** A machine that does other things as well has this much for each browser that stands by. */
const MEMORY_PER_READY_RECORDER_BYTES = 4 * 1024 ** 3;

/** Recordings, livestreams, and the recorders that make both. */
export const RECORDINGS = {
  recordingRetentionDays: {
    env: 'PARLEY_RECORDING_RETENTION_DAYS',
    default: 7,
    parse: integer(1, 3650),
    reason: 'How long the files of a recording are kept in the data folder, and their links work.',
  },
  recordingEmptySeconds: {
    env: 'PARLEY_RECORDING_EMPTY_SECONDS',
    default: 60,
    parse: integer(1, 600),
    reason: 'How long a recording goes on when everybody has left, before it stops by itself.',
  },
  rtmpsPort: {
    env: 'PARLEY_RTMPS_PORT',
    default: null,
    shownDefault: 'none',
    parse: port,
    reason:
      'TCP port for encoders (OBS, ffmpeg) that send a livestream by RTMPS, for example 1936. It shows the certificate of the TLS port. Without this one and the next there are no livestreams of their own and no `manual_ingest`.',
  },
  rtmpPort: {
    env: 'PARLEY_RTMP_PORT',
    default: null,
    shownDefault: 'none',
    parse: port,
    reason:
      'The same by RTMP, usually 1935. RTMP is not encrypted: who can listen on the way learns the stream key. With both, `ingest_server` says the RTMPS one.',
  },
  livestreamWindowSeconds: {
    env: 'PARLEY_LIVESTREAM_WINDOW_SECONDS',
    default: 300,
    parse: integer(20, 3_600),
    reason:
      'How far the viewers of a livestream can seek back, and how long it can be watched after its end. Twice as much is kept in the data folder while it runs.',
  },
  recordersMax: {
    env: 'PARLEY_RECORDERS_MAX',
    default: () => availableParallelism() * 2,
    shownDefault: 'two per processor core',
    parse: integer(0, 256),
    reason:
      'Recordings by a browser and livestreams that may run at once; a further start is answered with 503. 0 switches them off.',
  },
  recordersReady: {
    env: 'PARLEY_RECORDERS_READY',
    default: () => Math.min(3, Math.round(totalmem() / MEMORY_PER_READY_RECORDER_BYTES)),
    shownDefault: 'one per 4 GB of memory, at most three',
    parse: integer(0, 64),
    reason:
      'Browsers that are kept ready for the next recordings, so that as many that are started at the same time begin about three times as quickly. Three take about a gigabyte of memory together, one about half of that, and each 1 % of a processor core; 0 saves that.',
  },
  recorderReadyMinutes: {
    env: 'PARLEY_RECORDER_READY_MINUTES',
    default: 15,
    parse: integer(0, 10_080),
    reason:
      'How long browsers are kept ready after the last recording has begun. Nothing runs before the first recording; with 0 nothing is kept ready.',
  },
  recorderProgram: {
    env: 'PARLEY_RECORDER',
    default: null,
    shownDefault: "Parley's own",
    parse: path,
    reason:
      'A Node program in place of the recorder, for one that runs elsewhere, as in a container. It speaks the messages of `packages/recorder/src/contract.ts`.',
  },
  chromium: {
    env: 'PARLEY_CHROMIUM',
    default: null,
    shownDefault: '`chromium` or Chrome of the `PATH`',
    parse: path,
    reason: 'The browser that recordings and livestreams are made with.',
  },
  ffmpeg: {
    env: 'PARLEY_FFMPEG',
    default: null,
    shownDefault: '`ffmpeg` of the `PATH`',
    parse: path,
    reason: 'The encoder that recordings and livestreams are made with.',
  },
} satisfies Partial<Rows>;
