import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { bodyTime } from './body-time.js';
import { isoTime, uuid } from './envelope.js';
import { participantId } from './ids.js';

const CUSTOM_ID_MAX_CHARS = 1024;
const REASON_MAX_CHARS = 512;

/** Shown to the blocked participant. */
export const blockReason = z.string().min(1).max(REASON_MAX_CHARS).nullable();

/** Exactly one of the two ids names who is kept out. */
export const newBlock = z
  .strictObject({
    participant_id: participantId.optional(),
    custom_participant_id: z.string().min(1).max(CUSTOM_ID_MAX_CHARS).optional(),
    reason: blockReason.default(null),
    expires_at: bodyTime.nullable().default(null),
  })
  .refine((block) => (block.participant_id === undefined) !== (block.custom_participant_id === undefined), {
    path: ['participant_id'],
    message: 'or "custom_participant_id" must be given, and not both',
  });
export type NewBlock = z.output<typeof newBlock>;

export const blockList = z.strictObject(pagingQuery);

export const blockView = z
  .object({
    id: uuid,
    meeting_id: uuid.nullable().openapi({ description: 'Null for a block in the whole app.' }),
    participant_id: uuid.nullable(),
    custom_participant_id: z.string().nullable(),
    reason: z.string().nullable(),
    expires_at: isoTime.nullable().openapi({ description: 'Null for a block without an end.' }),
    created_at: isoTime,
  })
  .openapi('Block');
export type BlockView = z.infer<typeof blockView>;
