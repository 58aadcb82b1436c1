/**
 * Every reason why the rules turn a command down, with the sentence that the client is shown. The codes are
 * stable words for programs and logs.
 */
export const REFUSALS = {
  not_joined: 'You have not joined the session',
  no_session: 'No active session',
  permission_denied: 'Your preset does not allow this',
  peer_id_taken: 'This peer id belongs to another participant',
  meeting_over: 'The time of the meeting is over',
  session_full: 'The session holds too many peers',
  waiting_room_full: 'Too many people are waiting',
  peer_unknown: 'No such peer in the session',
  off_stage: 'You are not on the stage',
  stage_disabled: 'The stage is not enabled for your preset',
  stage_not_accepted: 'You have not been accepted to the stage',
  video_not_in_this_meeting: 'This meeting type has no video',
  too_many_producers: 'Too many media producers',
  too_many_screenshares: 'The limit of simultaneous screen shares is reached',
  producer_invalid: 'The application data or the media type of the producer is not usable',
  producer_unknown: 'No such producer',
  unmute_forbidden: 'The host has muted everybody',
  message_invalid: 'The message is empty, too long or not of its declared type',
  message_unknown: 'No such chat message',
  not_the_author: 'Only the author may change a message',
  private_pin: 'A private message cannot be pinned',
  poll_invalid: 'A poll needs a question and at least two options',
  poll_unknown: 'No such poll or option',
  too_many_polls: 'The session holds too many polls',
  store_invalid: 'The store name, a key or a value is missing, too long or not JSON',
  store_full: 'The stores of this session are full',
  broadcast_invalid: 'The broadcast type is missing or too long, or its payload is not JSON or too long',
  recording_in_progress: 'Another recording is already in progress',
  too_many_recordings: 'Too many recordings run in this session',
  recording_unknown: 'No such running recording',
  recording_state: 'The recording is in a state that does not allow this',
  room_unknown: 'No such connected meeting',
  title_invalid: 'A connected meeting needs a title',
  too_many_rooms: 'The meeting has too many connected meetings',
  preset_unknown: 'No such preset',
  patch_invalid: 'The change names no participant or no permission',
} as const;

export type RefusalCode = keyof typeof REFUSALS;
