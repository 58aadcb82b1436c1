import { z } from '@hono/zod-openapi';
import { TRANSCRIPT_MAX_CHARACTERS } from '@parley/core';
import { blockReason } from './blocks.js';
import { isoTime, uuid } from './envelope.js';
import { participantId } from './ids.js';

const SELECTION_MAX = 500;
const ID_MAX_CHARS = 1024;
const QUESTION_MAX_CHARS = 2048;
const OPTION_MAX_CHARS = 1024;
const OPTIONS_MAX = 50;

const ids = z.array(z.string().min(1).max(ID_MAX_CHARS)).max(SELECTION_MAX).default([]);

const lists = { participant_ids: ids, custom_participant_ids: ids };

const namesAnybody = ({ participant_ids, custom_participant_ids }: Record<keyof typeof lists, string[]>) =>
  participant_ids.length + custom_participant_ids.length > 0;
const NAMES_NOBODY = {
  path: ['participant_ids'],
  message: 'or "custom_participant_ids" must name at least one participant',
};

/** Either list may be left out and counts as empty then (features.md K13, OQ03). */
export const selection = z.strictObject(lists).refine(namesAnybody, NAMES_NOBODY);

/** `block` and its reason are additions of Parley: a kick that stays. */
export const kickBody = z
  .strictObject({ ...lists, block: z.boolean().default(false), block_reason: blockReason.optional() })
  .refine(namesAnybody, NAMES_NOBODY)
  .refine(({ block, block_reason }) => block || block_reason === undefined, {
    path: ['block_reason'],
    message: 'is allowed only when "block" is true',
  });

export const muteAllBody = z.strictObject({ allow_unmute: z.boolean() });

export const newPoll = z.strictObject({
  question: z.string().min(1).max(QUESTION_MAX_CHARS),
  options: z.array(z.string().min(1).max(OPTION_MAX_CHARS)).min(2).max(OPTIONS_MAX),
  anonymous: z.boolean().default(false),
  hide_votes: z.boolean().default(false),
});

/** An addition of Parley: what an engine of the backend's has heard. */
export const transcriptLine = z.strictObject({
  participant_id: participantId,
  text: z.string().min(1).max(TRANSCRIPT_MAX_CHARACTERS),
  is_partial: z.boolean().default(false),
});
export const transcriptTold = z.object({ action: z.string() });

/** Name and picture are left out where there is none (features.md K16-K22). */
const affectedParticipant = z
  .object({
    id: uuid,
    name: z.string().optional(),
    picture: z.string().optional(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('SessionParticipant');
export type AffectedParticipantView = z.infer<typeof affectedParticipant>;

export const affectedParticipants = z.object({
  action: z.string(),
  participants: z.array(affectedParticipant),
});

export const kickedAll = z.object({
  action: z.string(),
  kicked_participants_count: z.int().openapi({ description: 'Connections, waiting ones included.' }),
});

export const mutedAll = z.object({ action: z.string(), muted_participants_count: z.int() });

export const createdPoll = z.object({
  action: z.string(),
  poll: z
    .object({
      id: z.string(),
      question: z.string(),
      options: z.array(
        z.object({
          text: z.string(),
          count: z.int(),
          votes: z.array(z.object({ id: z.string(), name: z.string() })),
        }),
      ),
      anonymous: z.boolean(),
      hide_votes: z.boolean(),
      created_by: z.string(),
      voted: z.array(z.string()),
    })
    .openapi('Poll'),
});
