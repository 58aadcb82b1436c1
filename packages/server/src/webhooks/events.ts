/** The events a webhook can subscribe to (features.md WB04); `GET .../webhooks/all` lists them in this order. */
export const WEBHOOK_EVENT_NAMES = [
  'meeting.started',
  'meeting.ended',
  'meeting.participantJoined',
  'meeting.participantLeft',
  'meeting.chatSynced',
  'recording.statusUpdate',
  'livestreaming.statusUpdate',
  'meeting.transcript',
  'meeting.summary',
] as const;

export type WebhookEventName = (typeof WEBHOOK_EVENT_NAMES)[number];
