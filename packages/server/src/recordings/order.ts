import type { ParticipantId } from '../ids.js';

/** What a recorder is to make and where it goes, settled when the recording is invoked; kept with its row. */
export type RecordingOrder = BrowserOrder | TrackOrder;

interface AnyOrder {
  /** With its ending; the pattern of the names for a track recording. */
  outputFileName: string;
  /** Who the recorder is in the session. */
  recorderId: ParticipantId;
  /** Whether the own store keeps the files for download (features.md RC26, RC27). */
  ownStore: boolean;
  /** A storage of the customer's, as it may be shown and as it is used: sealed (features.md RC28, SE09). */
  storage: { shown: object; sealed: string } | null;
}

export interface BrowserOrder extends AnyOrder {
  type: 'BROWSER';
  /** Null for sound alone (features.md RC23). */
  video: { codec: 'H264' | 'VP8'; width: number; height: number; exportFile: boolean } | null;
  audio: { codec: 'AAC' | 'MP3'; channel: 'stereo' | 'mono'; exportFile: boolean };
  watermark: Watermark | null;
  rtmpUrls: string[];
  /** A recording app of the customer's; null for our own page (features.md RC35). */
  url: string | null;
}

/** As the start call gave it; the recording app puts it into the picture (features.md RC24, RC37). */
export interface Watermark {
  url?: string;
  position?: string;
  size?: { width?: number; height?: number };
}

export interface TrackOrder extends AnyOrder {
  type: 'TRACK';
  /** By name (features.md RC50). */
  layers: Record<string, { fileNamePrefix: string }>;
  /** Null for everybody. */
  participantIds: ParticipantId[] | null;
}
