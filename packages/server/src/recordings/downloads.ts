import type { RecordingType } from '@parley/core';
import type { Selectable } from 'kysely';
import type { RecordingFilesTable } from '../database/tables.js';
import type { FileLinks } from '../files/links.js';
import type { RecordingRow } from './state-of-row.js';

export type RecordingFile = Selectable<RecordingFilesTable> & {
  /** Whose sound it is, by the backend's own id; of track recordings only. */
  custom_participant_id?: string | null;
};

/** features.md RC55; the participant is not in the guide, but integrators have seen it in answers of the live service. */
interface LayerDownloads {
  layer_name: string;
  download_urls: Record<string, { download_url: string; custom_participant_id?: string }>;
}

export interface Downloads {
  /** A list for track recordings, as the guide shows it. */
  download_url: string | LayerDownloads[] | null;
  audio_download_url: string | null;
  download_url_expiry: string | null;
}

/** The links to the files of a recording that is over, valid until its files expire (features.md RC26). */
export function downloadsOf(
  { type, expires_at }: Pick<RecordingRow, 'type' | 'expires_at'>,
  files: readonly RecordingFile[],
  links: FileLinks,
  origin: string,
): Downloads {
  if (expires_at === null) return { download_url: null, audio_download_url: null, download_url_expiry: null };
  const linkTo = (file: RecordingFile | undefined) =>
    file ? links.make(origin, 'recording', file.id, expires_at).url : null;
  const download_url_expiry = expires_at.toISOString();
  if (type === 'TRACK') {
    const layers = [...new Set(files.map((file) => file.layer ?? 'default'))].map((layer_name) => ({
      layer_name,
      download_urls: Object.fromEntries(
        files
          .filter((file) => (file.layer ?? 'default') === layer_name)
          .map((file) => [
            file.name,
            {
              download_url: linkTo(file)!,
              ...(file.custom_participant_id && { custom_participant_id: file.custom_participant_id }),
            },
          ]),
      ),
    }));
    return { download_url: layers, audio_download_url: null, download_url_expiry };
  }
  const ofKind = (kind: RecordingFile['kind']) => linkTo(files.find((file) => file.kind === kind));
  return { download_url: ofKind('video'), audio_download_url: ofKind('audio'), download_url_expiry };
}

/** Of the picture, or of the sound where there is no picture; of all files of a track recording. */
export function mainBytes(type: RecordingType, files: readonly RecordingFile[]): number {
  const sizes = (some: readonly RecordingFile[]) =>
    some.reduce((sum, file) => sum + Number(file.size_bytes), 0);
  if (type === 'TRACK') return sizes(files);
  const videos = files.filter((file) => file.kind === 'video');
  return sizes(videos.length > 0 ? videos : files);
}
