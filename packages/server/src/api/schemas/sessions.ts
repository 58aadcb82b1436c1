import { z } from '@hono/zod-openapi';
import { paging, pagingQuery } from '../../http/pagination.js';
import { queryBoolean, querySearch, queryTime, sortOrder } from '../../http/query.js';
import { isoTime, uuid } from './envelope.js';

const COUNT_RANGE = /^\d{1,6}:\d{1,6}$/;

export const sessionList = z.strictObject({
  ...pagingQuery,
  sort_by: z.enum(['minutesConsumed', 'createdAt']).optional(),
  sort_order: sortOrder.optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  participants: z
    .string()
    .regex(COUNT_RANGE, 'must be a range such as 1:10')
    .transform((range) => range.split(':').map(Number) as [number, number])
    .openapi({
      type: 'string',
      example: '1:10',
      description: 'Range of the greatest number of participants at one time.',
    })
    .optional(),
  status: z.enum(['LIVE', 'ENDED']).optional(),
  search: querySearch.optional(),
  associated_id: querySearch.optional().openapi({ description: 'Meeting id.' }),
});
export type SessionFilter = Omit<z.output<typeof sessionList>, 'page_no' | 'per_page'>;

export const sessionDetails = z.strictObject({ include_breakout_rooms: queryBoolean.optional() });

export const peerList = z.strictObject({
  ...pagingQuery,
  search: querySearch.optional(),
  sort_by: z.enum(['joinedAt', 'duration']).optional(),
  sort_order: sortOrder.optional(),
  include_peer_events: queryBoolean.optional(),
  view: z.enum(['raw', 'consolidated']).optional(),
});
export type PeerFilter = z.output<typeof peerList>;

const REPORT_PARTS = [
  'device_info',
  'ip_information',
  'precall_network_information',
  'events',
  'quality_stats',
] as const;

export const peerDetails = z.strictObject({
  include_peer_events: queryBoolean.optional(),
  filters: z
    .string()
    .refine(
      (list) => list.split(',').every((part) => (REPORT_PARTS as readonly string[]).includes(part)),
      `must be a list of ${REPORT_PARTS.join(', ')}`,
    )
    .optional(),
});

export const transcriptFormat = z.enum(['SRT', 'VTT', 'JSON', 'CSV']).optional();

/** features.md L06-L08; `ended_at` is absent while the session is live. */
const plainSession = z.object({
  id: uuid,
  associated_id: uuid.openapi({ description: 'Meeting id.' }),
  meeting_display_name: z.string(),
  type: z.literal('meeting'),
  status: z.enum(['LIVE', 'ENDED']),
  live_participants: z.int(),
  max_concurrent_participants: z.int(),
  minutes_consumed: z.number().openapi({ description: 'Participant-minutes until now.' }),
  organization_id: uuid.openapi({ description: 'App id.' }),
  started_at: isoTime,
  ended_at: isoTime.optional(),
  end_reason: z
    .literal('TIME_LIMIT')
    .optional()
    .openapi({ description: 'Only when a limit of the meeting ended the session.' }),
  created_at: isoTime,
  updated_at: isoTime,
});

/** The sessions of connected meetings are there when asked for (features.md B12). */
export const sessionView = plainSession
  .extend({ breakout_rooms: z.array(plainSession).optional() })
  .openapi('Session');
export type SessionView = z.infer<typeof sessionView>;

/** The newest client reads `data`, older ones `data.session`: both are served (rest-api.md 1.6). */
export const sessionUnion = sessionView.extend({ session: sessionView });

const VIEW_TYPES = ['GROUP_CALL', 'WEBINAR', 'AUDIO_ROOM', 'LIVESTREAM', 'CHAT'] as const;

const peerEvent = z
  .object({
    id: uuid,
    peer_id: uuid,
    participant_id: uuid,
    session_id: uuid,
    socket_session_id: z.null(),
    event_name: z.enum(['PEER_CREATED', 'PEER_JOINING', 'PEER_LEAVING']),
    minutes_consumed: z.number(),
    preset_view_type: z.enum(VIEW_TYPES).nullable(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('PeerEvent');
export type PeerEventView = z.infer<typeof peerEvent>;

/** One connection (features.md RE07); `left_at` is absent while it lasts. */
export const sessionPeerView = z
  .object({
    id: uuid.openapi({ description: 'Peer id.' }),
    user_id: uuid.openapi({ description: 'Participant id.' }),
    custom_participant_id: z.string(),
    display_name: z.string(),
    preset_name: z.string(),
    joined_at: isoTime,
    left_at: isoTime.optional(),
    duration: z.number().openapi({ description: 'Minutes.' }),
    created_at: isoTime,
    updated_at: isoTime,
    peer_events: z.array(peerEvent).optional(),
  })
  .openapi('SessionPeer');
export type SessionPeerView = z.infer<typeof sessionPeerView>;

/** Older answers hold `paging` inside `data`, the newest none at all: it is sent in both places. */
export const sessionPeers = z.object({ participants: z.array(sessionPeerView), paging });

export const peerReport = sessionPeerView.extend({
  session_id: uuid,
  role: z.string().openapi({ description: 'Name of the preset.' }),
  peer_report: z.object({
    metadata: z.record(z.string(), z.unknown()),
    quality: z.record(z.string(), z.unknown()),
  }),
});

export const chatDownload = z.object({
  chat_download_url: z.string(),
  chat_download_url_expiry: z.iso.datetime(),
});
