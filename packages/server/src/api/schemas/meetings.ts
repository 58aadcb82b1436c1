import { z } from '@hono/zod-openapi';
import { SESSION_PEERS_MAX } from '@parley/core';
import { pagingQuery } from '../../http/pagination.js';
import { querySearch, queryTime } from '../../http/query.js';
import { bodyTime } from './body-time.js';
import { isoTime, uuid } from './envelope.js';
import { recordingConfig, recordingConfigView } from './recording-config.js';

const TITLE_MAX_CHARS = 1024;
const LANGUAGE_MAX_CHARS = 35;
const KEYWORDS_MAX = 100;
const KEYWORD_MAX_CHARS = 100;
/** A year. */
const SESSION_MAX_MINUTES = 525_600;

/** The default of the live service; its lower bound is 60, ours is 0 (features.md L03, OQ15). */
const KEEP_ALIVE_DEFAULT_SECONDS = 60;
const KEEP_ALIVE_MAX_SECONDS = 600;

const title = z.string().max(TITLE_MAX_CHARS).nullable();
const keepAlive = z.int().min(0).max(KEEP_ALIVE_MAX_SECONDS);
const region = z.enum(['ap-south-1', 'ap-southeast-1', 'us-east-1', 'eu-central-1']).nullable();

const summaryTypes = [
  'general',
  'team_meeting',
  'sales_call',
  'client_check_in',
  'interview',
  'daily_standup',
  'one_on_one_meeting',
  'lecture',
  'code_review',
] as const;

/** What becomes of a meeting's words (rest-api.md 1.2.2). Only what the caller set is stored. */
const aiConfig = z
  .strictObject({
    summarization: z
      .strictObject({
        word_limit: z.int().min(150).max(1000).optional(),
        text_format: z.enum(['plain_text', 'markdown']).optional(),
        summary_type: z.enum(summaryTypes).optional(),
      })
      .optional(),
    transcription: z
      .strictObject({
        keywords: z.array(z.string().max(KEYWORD_MAX_CHARS)).max(KEYWORDS_MAX).optional(),
        language: z.string().min(1).max(LANGUAGE_MAX_CHARS).optional(),
        profanity_filter: z.boolean().optional(),
      })
      .optional(),
  })
  .openapi('AIConfig');
export type AiConfig = z.infer<typeof aiConfig>;

/** A flag that creation also takes as null, which means its default. */
const creationFlag = z
  .boolean()
  .nullable()
  .default(false)
  .transform((value) => value ?? false);

/** Additions of Parley; null sets none. A meeting that never had them is shown without. */
const locked = z.boolean().nullable();
const maxParticipants = z.int().min(1).max(SESSION_PEERS_MAX).nullable();
const maxSessionMinutes = z.int().min(1).max(SESSION_MAX_MINUTES).nullable();
const endsAt = bodyTime.nullable();

/** Body of create and of replace: what is left out has its default (rest-api.md 1.2). */
export const newMeeting = z.strictObject({
  title: title.default(null),
  record_on_start: creationFlag,
  live_stream_on_start: creationFlag,
  persist_chat: z.boolean().default(false),
  summarize_on_end: z.boolean().default(false),
  transcribe_on_end: z.boolean().default(false),
  session_keep_alive_time_in_secs: keepAlive.default(KEEP_ALIVE_DEFAULT_SECONDS),
  preferred_region: region.default(null),
  locked: locked.default(null),
  max_participants: maxParticipants.default(null),
  max_session_minutes: maxSessionMinutes.default(null),
  ends_at: endsAt.default(null),
  recording_config: recordingConfig.optional(),
  ai_config: aiConfig.optional(),
});
export type NewMeeting = z.output<typeof newMeeting>;

/**
 * Body of PATCH: only what is given changes (features.md E25). The two configurations are merged with what is
 * stored and judged afterwards.
 */
const anyPart = z.record(z.string(), z.unknown());
export const meetingPatch = z.strictObject({
  title: title.optional(),
  status: z.enum(['ACTIVE', 'INACTIVE']).optional(),
  record_on_start: z.boolean().optional(),
  live_stream_on_start: z.boolean().optional(),
  persist_chat: z.boolean().optional(),
  summarize_on_end: z.boolean().optional(),
  transcribe_on_end: z.boolean().optional(),
  session_keep_alive_time_in_secs: keepAlive.optional(),
  preferred_region: region.optional(),
  locked: locked.optional(),
  max_participants: maxParticipants.optional(),
  max_session_minutes: maxSessionMinutes.optional(),
  ends_at: endsAt.optional(),
  recording_config: anyPart.optional(),
  ai_config: anyPart.optional(),
});
export type MeetingPatch = z.output<typeof meetingPatch>;

/** What the merged configurations of a PATCH must be. */
export const meetingConfigs = z.object({
  recording_config: recordingConfig.nullable(),
  ai_config: aiConfig.nullable(),
});

export const meetingList = z.strictObject({
  ...pagingQuery,
  search: querySearch.optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  status: z.enum(['ACTIVE', 'INACTIVE']).optional(),
});
export type MeetingFilter = Omit<z.output<typeof meetingList>, 'page_no' | 'per_page'>;

/** The list leaves out `ai_config` (rest-api.md 1.2). */
export const meetingListItem = z
  .object({
    id: uuid,
    title: z.string().nullable(),
    status: z.enum(['ACTIVE', 'INACTIVE']),
    record_on_start: z.boolean(),
    live_stream_on_start: z.boolean(),
    persist_chat: z.boolean(),
    summarize_on_end: z.boolean(),
    transcribe_on_end: z.boolean(),
    session_keep_alive_time_in_secs: z.int(),
    preferred_region: z.string().optional(),
    recording_config: recordingConfigView.optional(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('MeetingListItem');
export type MeetingListItem = z.infer<typeof meetingListItem>;

export const meetingView = meetingListItem
  .extend({
    ai_config: aiConfig.optional(),
    locked: z.boolean().optional().openapi({ description: 'Lets in only who is in the session.' }),
    max_participants: z.int().optional().openapi({ description: 'Connections in one session.' }),
    max_session_minutes: z.int().optional().openapi({ description: 'After which a session ends by itself.' }),
    ends_at: isoTime.optional().openapi({ description: 'When sessions end, and nobody joins any more.' }),
  })
  .openapi('Meeting');
export type MeetingView = z.infer<typeof meetingView>;
