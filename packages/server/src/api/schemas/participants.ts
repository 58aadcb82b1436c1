import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { presetName } from '../../presets/schema.js';
import { isoTime, uuid } from './envelope.js';

const CUSTOM_ID_MAX_CHARS = 1024;
const NAME_MAX_CHARS = 512;
const PICTURE_MAX_CHARS = 2048;

const name = z.string().max(NAME_MAX_CHARS).nullable();
const picture = z
  .url({ protocol: /^(?:https?|data)$/ })
  .max(PICTURE_MAX_CHARS)
  .nullable();

/** `custom_participant_id` is kept and given back, never judged (features.md C14, CF17). */
export const newParticipant = z.strictObject({
  custom_participant_id: z.string().min(1).max(CUSTOM_ID_MAX_CHARS),
  preset_name: presetName,
  name: name.default(null),
  picture: picture.default(null),
});
export type NewParticipant = z.output<typeof newParticipant>;

/** A preset name of null leaves the preset as it is (rest-api.md 1.3). */
export const participantPatch = z.strictObject({
  name: name.optional(),
  picture: picture.optional(),
  preset_name: presetName.nullable().optional(),
});
export type ParticipantPatch = z.output<typeof participantPatch>;

export const participantList = z.strictObject(pagingQuery);

export const participantView = z
  .object({
    id: uuid.openapi({ description: '`participantId` of the token, `userId` in the SDK.' }),
    name: z.string().nullable(),
    picture: z.string().nullable(),
    custom_participant_id: z.string(),
    preset_name: z.string(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('Participant');
export type ParticipantView = z.infer<typeof participantView>;

const token = z.string().openapi({ description: 'A JWT that joins the meeting; valid for 100 days.' });

export const participantWithToken = participantView.extend({ token }).openapi('ParticipantWithToken');

export const freshToken = z.object({ token });

/** The answer of a deletion has no id (rest-api.md 1.3). */
export const deletedParticipant = z.object({
  custom_participant_id: z.string(),
  preset_id: uuid,
  created_at: isoTime,
  updated_at: isoTime,
});
export type DeletedParticipant = z.infer<typeof deletedParticipant>;
