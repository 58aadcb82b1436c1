import { APP_DATA_MAX_CHARACTERS, MIME_TYPE_MAX_CHARACTERS, PRODUCERS_PER_PEER_MAX } from '../limits.js';
import { isLivestream, isStageEnabled, type StreamPermission } from '../preset.js';
import type { RefusalCode } from '../refusals.js';
import type { Peer, Producer, ProducerKind, Session } from '../state.js';
import { parseObject } from '../text.js';

/** Off the stage of a livestream one watches it as HLS, without a media connection (protocol.md 10). */
export function mayConnectMedia({ preset, stage }: Peer): boolean {
  return !isLivestream(preset) || stage === 'ON_STAGE';
}

/** Whether the peer may send this kind of media now (features.md R12-R15, C21, G02). */
export function whyNotProduce(peer: Peer, kind: ProducerKind, screenShare: boolean): RefusalCode | null {
  if (peer.preset.viewType === 'AUDIO_ROOM' && kind === 'video') return 'video_not_in_this_meeting';
  const permission = peer.permissions.media[screenShare ? 'screenshare' : kind].can_produce;
  if (isStageEnabled(peer.preset)) {
    if (peer.stage !== 'ON_STAGE') return 'off_stage';
    return permission === 'NOT_ALLOWED' ? 'permission_denied' : null;
  }
  return permission === ('ALLOWED' satisfies StreamPermission) ? null : 'permission_denied';
}

/** As above, and whether there is room for one more producer (features.md P07). */
export function whyNotAddProducer(
  session: Session,
  peer: Peer,
  kind: ProducerKind,
  screenShare: boolean,
): RefusalCode | null {
  const refusal = whyNotProduce(peer, kind, screenShare);
  if (refusal) return refusal;
  if (peer.producers.size >= PRODUCERS_PER_PEER_MAX) return 'too_many_producers';
  if (screenShare && kind === 'video' && screenshares(session) >= peer.preset.maxScreenshareCount) {
    return 'too_many_screenshares';
  }
  return null;
}

/** The others' clients parse the application data, and take the media type as it is. */
export function isValidProducer({ appData, mimeType }: Producer): boolean {
  if (appData.length > APP_DATA_MAX_CHARACTERS || mimeType.length > MIME_TYPE_MAX_CHARACTERS) return false;
  return parseObject(appData) !== null;
}

function screenshares(session: Session): number {
  let count = 0;
  for (const peer of session.peers.values()) {
    for (const producer of peer.producers.values())
      if (producer.screenShare && producer.kind === 'video') count++;
  }
  return count;
}
