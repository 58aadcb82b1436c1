import type { Settings } from '../config/settings.js';
import type { Admission } from '../sessions/meeting-info.js';

/**
 * The SDK's first call, from which it takes the local participant and the whole preset (rest-api.md 3.3). Name is
 * always a string, and picture is left out rather than null, or the join would fail (protocol.md 2.4).
 */
export function participantDetails({ meeting, participant, preset }: Admission, settings: Settings) {
  return {
    success: true,
    data: {
      participant: {
        id: participant.id,
        name: participant.name ?? '',
        ...(participant.picture === null ? {} : { picture: participant.picture }),
        custom_participant_id: participant.customParticipantId,
        organization_id: meeting.appId,
      },
      preset,
      meeting: { title: meeting.title },
      socket: { base_uri: settings.baseDomain },
    },
  };
}
