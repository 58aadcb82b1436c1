import { z } from '@hono/zod-openapi';
import type { BlockId, MeetingId, ParticipantId, PeerId, PresetId, SessionId, WebhookId } from '../../ids.js';

const guid = z.guid();

/** True for every spelling of a UUID that Postgres is asked about. */
export const isUuid = (text: string): boolean => guid.safeParse(text).success;

/** An id in a path: any spelling of a UUID, compared in lower case. */
const pathId = <Id extends string>() =>
  guid.transform((text) => text.toLowerCase() as Id).openapi({ type: 'string', format: 'uuid' });

export const blockId = pathId<BlockId>();
export const meetingId = pathId<MeetingId>();
export const participantId = pathId<ParticipantId>();
export const peerId = pathId<PeerId>();
export const presetId = pathId<PresetId>();
export const sessionId = pathId<SessionId>();
export const webhookId = pathId<WebhookId>();
/** Recordings, livestreams and webhook deliveries have no brand of their own. */
export const anyId = pathId<string>();
