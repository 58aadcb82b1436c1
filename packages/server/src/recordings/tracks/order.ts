import type { NewRecording } from '@parley/core';
import { v7 as newId } from 'uuid';
import { ApiError } from '../../http/errors.js';
import type { ParticipantId } from '../../ids.js';
import type { TrackOrder } from '../order.js';

/** A call for a recording of tracks, in the API's own words (features.md RC50). */
export interface TrackCall {
  layers?: Record<string, { file_name_prefix?: string }>;
  user_ids?: string[];
  max_seconds?: number;
}

const DEFAULT_LAYER = 'default';
const DEFAULT_PREFIX = 'default';
/** features.md RC11. */
const MAX_SECONDS_DEFAULT = 86_400;
/** The pattern of the names, as the API shows it in their place (features.md RC52, RC53). */
const NAME_PATTERN = '{prefix}_{user_id}_{peer_id}_{stream_kind}_{media_kind}_{date_time}.webm';

/**
 * A recording of everybody's sound or of that of some, each in files of its own. Throws ApiError 400 naming the
 * field that cannot be met.
 */
export function trackRecording(call: TrackCall): NewRecording {
  const order: TrackOrder = {
    type: 'TRACK',
    outputFileName: NAME_PATTERN,
    recorderId: newId() as ParticipantId,
    ownStore: true,
    storage: null,
    layers: layersOf(call.layers ?? {}),
    participantIds: call.user_ids?.map((id) => id.toLowerCase() as ParticipantId) ?? null,
  };
  const maxMs = (call.max_seconds ?? MAX_SECONDS_DEFAULT) * 1000;
  return { id: newId(), type: 'TRACK', maxMs, order };
}

function layersOf(called: NonNullable<TrackCall['layers']>): TrackOrder['layers'] {
  const names = Object.keys(called);
  if (names.length === 0) return { [DEFAULT_LAYER]: { fileNamePrefix: DEFAULT_PREFIX } };
  const prefixes = new Set<string>();
  return Object.fromEntries(
    names.map((name) => {
      const fileNamePrefix = called[name]!.file_name_prefix ?? DEFAULT_PREFIX;
      if (prefixes.has(fileNamePrefix)) {
        throw ApiError.badRequest(`layers.${name}.file_name_prefix`, 'must differ from that of other layers');
      }
      prefixes.add(fileNamePrefix);
      return [name, { fileNamePrefix }];
    }),
  );
}

/** In the order in which files are kept apart by layer; an order that came back from the database has lost its own. */
export function layersByName({ layers }: TrackOrder): { name: string; fileNamePrefix: string }[] {
  return Object.keys(layers)
    .sort()
    .map((name) => ({ name, fileNamePrefix: layers[name]!.fileNamePrefix }));
}
