/**
 * The contract between the server and one recorder process, which records one session into one folder.
 *
 * The server starts the process, sends an order over its IPC channel, and then commands; the recorder tells by
 * events what happens, and ends by itself after the last one. Everything it needs to go on after a crash lies in
 * the folder, so that a second process with the order `finish` makes files of what the first one left
 * (features.md RC05, RC34-RC39).
 *
 * A recorder whose channel closes has lost its server: it stops recording, leaves what it has in the folder, makes no
 * files, and ends within ten seconds. The server cuts it off with its whole process group after that. The first message
 * is the order; the process gets `PATH`, `HOME`, and the paths of the programs in `PARLEY_CHROMIUM` and `PARLEY_FFMPEG`.
 *
 * The name `localhost:8080` belongs to the recorder inside its browser, because the recording SDK speaks to it
 * there; a `pageUrl` on this machine is therefore written with 127.0.0.1.
 */

/**
 * Whether to record a page, to make files of what an earlier recorder left behind, or to be ready. The first one ends the
 * process with its last event; `standby` is followed by `record` once there is something to record.
 */
export type RecorderOrder = RecordOrder | FinishOrder | StandbyOrder;

export interface Output {
  /** Absent where no picture is wanted (features.md RC23). */
  video?: {
    codec: 'H264' | 'VP8';
    width: number;
    height: number;
    /** False where the picture is only streamed, or only the sound is kept. */
    exportFile: boolean;
    /**
     * A tar of an HLS playlist and its segments with timed metadata in place of one file (features.md RC40); H264 only.
     * The command `stop` brings the metadata.
     */
    interactive?: boolean;
  };
  audio: {
    codec: 'AAC' | 'MP3';
    channel: 'stereo' | 'mono';
    /** Whether a file of the sound alone is wanted (RC22). */
    exportFile: boolean;
  };
}

/** Timed metadata: what a player is to be given at a moment of the recording. */
export interface Cue {
  /** When it was broadcast, in milliseconds since 1970. */
  atMs: number;
  text: string;
}

export interface RecordOrder {
  kind: 'record';
  recordingId: string;
  /** The recording app with `authToken` and `config` in its query (RC35), in our own app behind a `#`. */
  pageUrl: string;
  /** Own folder of this recording; exists and is empty. */
  folder: string;
  /** File name without its ending. */
  fileName: string;
  output: Output;
  /** Where the picture and sound are also sent while they are made (RC31, LS05). */
  rtmpUrls: string[];
  /** Where a playlist `index.m3u8` and its segments are kept up to date, for a livestream (LS01). */
  hls?: { folder: string; segmentSeconds: number; windowSegments: number };
  /** Origins that count as secure although they are plain http: this server on its own machine. */
  trustedOrigins: string[];
  /**
   * Public keys whose certificates are good for the recording app besides those that the system trusts, each as the
   * base64 of the SHA-256 of its SubjectPublicKeyInfo: this server's own ones, where it has made them.
   */
  trustedKeys?: string[];
  /**
   * How long the recording app may take to open its socket, and from then on to ask for the recording, in
   * milliseconds; two minutes where it is absent (RC39).
   */
  startWithinMs?: number;
}

export interface FinishOrder {
  kind: 'finish';
  recordingId: string;
  folder: string;
  fileName: string;
  output: Output;
  /** All of an interactive recording, in order. */
  cues?: Cue[];
}

/**
 * To start the browser before it is known what it will show; answered by `ready`, or by the end of the process. The order
 * `record` may come before the answer.
 */
export interface StandbyOrder {
  kind: 'standby';
  /** For the browser's profile; exists, is empty, and is removed by who gave it. */
  folder: string;
  /** As in the order `record` that may follow. */
  trustedOrigins: string[];
  trustedKeys?: string[];
  /** A page to have loaded by then: our own recording app, which waits for its token. */
  pageUrl: string;
}

export type RecorderCommand =
  | { kind: 'pause' }
  | { kind: 'resume' }
  /**
   * With the time at which the recording was over, where that was earlier: what came after it is left out. No files are
   * made before it, also where the recorder stops by itself.
   */
  | { kind: 'stop'; atMs?: number; cues?: Cue[] };

export interface RecordedFile {
  kind: 'video' | 'audio';
  /** Absolute. */
  path: string;
  bytes: number;
  durationMs: number;
  /** Frames of picture, of which the key frames were decoded; 0 in a file of sound. */
  frames: number;
  /** Highest level of the sound in dBFS, -Infinity sent as null where there is nothing but silence. */
  peakDbfs: number | null;
}

/** What a start spends its time with, one phase after the other. */
export type StartPhase =
  /** Chromium is started; nothing to do where one stood by. */
  | 'browser'
  /** Chromium begins to capture the tab. */
  | 'capture'
  /** The recording app is loaded, and opens its socket. */
  | 'page'
  /** The recording app enters its session, and asks for the recording. */
  | 'session'
  /** The first of the picture and sound is encoded and laid on the disk. */
  | 'encoding';

/** Times are in milliseconds since 1970. */
export type RecorderEvent =
  /** The only event of `standby`. */
  | { kind: 'ready' }
  /** A phase of the start is over, and took so long. Where a start is slow these say why; they may be left out. */
  | { kind: 'starting'; phase: StartPhase; ms: number }
  | { kind: 'recording'; atMs: number }
  /** A sign of life, every five seconds: a recorder that has given one and then falls silent is taken for hung. */
  | { kind: 'alive'; atMs: number }
  | { kind: 'paused'; atMs: number }
  | { kind: 'resumed'; atMs: number }
  /** The page was without its session in this time, as when the server was started again. */
  | { kind: 'gap'; fromMs: number; toMs: number; reason: string }
  | { kind: 'rtmp'; url: string; state: 'live' | 'failed'; reason?: string }
  /** The recorder stops by itself, and is answered by the command `stop`. */
  | { kind: 'stopping'; atMs: number; reason: StopReason }
  /** The last event of a run that kept something. */
  | { kind: 'finished'; files: RecordedFile[]; durationMs: number }
  /** The last event of a run that kept nothing. */
  | { kind: 'failed'; code: RecorderFailure; reason: string };

export type StopReason =
  /** The recording app asked for it, or its meeting is over (RC38). */
  | 'page_stopped'
  /** The page could not be shown any longer, or Chromium is gone. */
  | 'browser_died';

export type RecorderFailure =
  /** Chromium or ffmpeg is not there; `missingTools` tells before. */
  | 'not_installed'
  /** The page did not load, or did not begin to record in time (RC39). */
  | 'page_failed'
  /** Nothing was captured, nothing of it can be decoded, or the page had sound and the file has none. */
  | 'empty'
  /** What was captured stays in the folder, and `finish` makes files of it once there is room. */
  | 'disk_full'
  | 'encoder_failed'
  | 'internal';
