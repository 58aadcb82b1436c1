import type { Command, Identity, NewLivestream } from '@parley/core';
import { v7 as uuid } from 'uuid';
import type { Origin } from './deliver.js';
import type { MeetingHost, MeetingHostOptions } from './meeting-host.js';
import { type Admission, isComingBack } from './meeting-info.js';
import { Refused } from './refused.js';

type JoinOptions = Pick<MeetingHostOptions, 'family' | 'recordings' | 'livestreams'>;

/** Somebody at the door: how his admission is read, each time anew, and who he is by it. */
export interface Arrival {
  admit(): Promise<Admission>;
  identify(admission: Admission): Identity;
  origin: Origin;
}

/**
 * Lets a participant in. Whoever is in the session already may come back although the meeting is INACTIVE
 * (features.md OQ22). What has changed since the admission was read is judged again at the moment of joining, so
 * that no join slips in behind a deactivation, a deletion, a block or a lock (X14). Rejects with what `admit` throws, or
 * with Refused.
 */
export async function joinMeeting(host: MeetingHost, options: JoinOptions, arrival: Arrival): Promise<void> {
  for (;;) {
    const epoch = host.admissionsEpoch;
    const admission = await arrival.admit();
    await options.family.load(admission.meeting);
    const { livestreamOnStart } = admission.meeting;
    const livestream = livestreamOnStart ? await options.livestreams.onStart(admission.meeting) : null;
    const who = arrival.identify(admission);
    const command = joinCommand(host, options, admission, who, livestream);
    try {
      await host.execute(command, arrival.origin, () => {
        if (epoch !== host.admissionsEpoch) throw new Refused('admission_outdated');
        pass(host, admission, who);
      });
      return;
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'admission_outdated') throw error;
    }
  }
}

function joinCommand(
  host: MeetingHost,
  { family, recordings }: JoinOptions,
  { meeting, movedIn, isRecorder }: Admission,
  who: Identity,
  livestream: NewLivestream | null,
): Command {
  const { recordOnStart } = meeting;
  const newSession = {
    id: uuid(),
    title: meeting.title,
    keepAliveMs: meeting.keepAliveSecs * 1000,
    recording: recordOnStart ? recordings.onStart(host.meetingId, recordOnStart) : null,
    livestream,
    ...(meeting.mainMeetingId !== null && movedIn !== null && { mainSessionId: movedIn }),
  };
  const maxParticipants =
    meeting.maxParticipants === null
      ? null
      : Math.max(0, meeting.maxParticipants - family.participantsInRooms(host));
  return {
    type: 'Join',
    who,
    newSession: isRecorder ? null : newSession,
    maxParticipants,
    endsAt: meeting.limits.endsAt,
    invited: movedIn !== null,
  };
}

/** The door, at the moment of joining. Who passes it brings the newest knowledge of the meeting along. */
function pass(host: MeetingHost, admission: Admission, who: Identity): void {
  const { meeting, movedIn, isRecorder = false } = admission;
  const invited = movedIn !== null;
  // Its socket has closed while the admission was read: nobody would ever see it leave.
  if (!host.connections.has(who.peerId)) throw new Refused('gone');
  if (isRecorder) return;
  const isIn = host.state.session?.peers.has(who.peerId) ?? false;
  if (!isIn && meeting.mainMeetingId !== null && !invited) throw new Refused('main_session_over');
  if (!isIn && meeting.status === 'INACTIVE' && !isComingBack(admission)) {
    throw new Refused('meeting_inactive');
  }
  if (meeting.locked && !invited && !host.belongs(who.participantId)) throw new Refused('meeting_locked');
  host.meeting = meeting;
}
