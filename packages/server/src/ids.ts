/**
 * RealtimeKit mixes several ids of a person: `participant.id` is called userId in the SDK, a connection has a
 * peerId, and the customer has an id of his own. The brands make the compiler notice a mix-up.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type AppId = Branded<'AppId'>;
export type MeetingId = Branded<'MeetingId'>;
export type SessionId = Branded<'SessionId'>;
/** The participant added by the backend; `userId` on the wire and in the SDK. */
export type ParticipantId = Branded<'ParticipantId'>;
/** One connection (tab, device) of a participant; made by the client. */
export type PeerId = Branded<'PeerId'>;
/** A block of a participant; an addition to RealtimeKit. */
export type BlockId = Branded<'BlockId'>;
/** A recording of any type. */
export type RecordingId = Branded<'RecordingId'>;
/** What is watched at one address, over all its sessions. */
export type LivestreamId = Branded<'LivestreamId'>;
/** One run of a livestream; not the session of a meeting. */
export type LivestreamSessionId = Branded<'LivestreamSessionId'>;
export type PresetId = Branded<'PresetId'>;
export type WebhookId = Branded<'WebhookId'>;
