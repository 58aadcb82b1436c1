import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the waiting room', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setUpStage();
    await stage.backend.newPreset('knocks', 'group_call_participant', {
      waiting_room_type: 'SKIP_ON_ACCEPT',
    });
    await stage.backend.newPreset('follows_the_host', 'group_call_participant', {
      waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY',
    });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.dispose());

  const knock = async (meeting: string, name: string, preset = 'knocks') => {
    const person = await stage.arrive(meeting, name, preset);
    await person.init();
    // join() stays open while a person waits, so the test does not wait for it.
    await person.run(() => {
      window.meeting.join().catch(() => undefined);
    });
    await person.sawEvent('self', 'waitlisted');
    return person;
  };

  it('a guest waits without a look inside until the host accepts (W01, W02, W05, W06)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await knock(meeting, 'Tom');

    expect(await guest.run(() => window.meeting.self.roomState)).toBe('waitlisted');
    expect(await guest.joinedIds()).toEqual([]);
    await host.sawEvent('waitlisted', 'participantJoined', { userId: guest.id, name: 'Tom' });
    expect(await host.joinedIds()).toEqual([]);

    await host.run((id) => window.meeting.participants.acceptWaitingRoomRequest(id), guest.id);
    await guest.sawEvent('self', 'roomJoined');
    await host.sawEvent('waitlisted', 'participantLeft', { userId: guest.id });
    await host.sawEvent('joined', 'participantJoined', { userId: guest.id });
    await Promise.all([host.seesVideoOf(guest.id), guest.seesVideoOf(host.id)]);
  });

  it('a rejected guest leaves with the state rejected and may ask again (W07, W11)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await knock(meeting, 'Tom');
    await host.sawEvent('waitlisted', 'participantJoined', { userId: guest.id });

    await host.run((id) => window.meeting.participants.rejectWaitingRoomRequest(id), guest.id);
    await guest.sawEvent('self', 'roomLeft', { state: 'rejected' });
    await host.sawEvent('waitlisted', 'participantLeft', { userId: guest.id });

    const again = await stage.openPage(guest);
    await again.init();
    await again.run(() => {
      window.meeting.join().catch(() => undefined);
    });
    await again.sawEvent('self', 'waitlisted');
  });

  it('several guests are accepted at once (W06)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guests = [await knock(meeting, 'Tom'), await knock(meeting, 'Ann')];
    for (const guest of guests) await host.sawEvent('waitlisted', 'participantJoined', { userId: guest.id });

    await host.run(
      (ids) => window.meeting.participants.acceptAllWaitingRoomRequest(ids),
      guests.map(({ id }) => id),
    );
    for (const guest of guests) await guest.sawEvent('self', 'roomJoined');
    expect((await host.joinedIds()).sort()).toEqual(guests.map(({ id }) => id).sort());
  });

  it('the host coming in lets those in who wait for a privileged person (W03)', async () => {
    const meeting = await stage.backend.newMeeting();
    const guest = await knock(meeting, 'Tom', 'follows_the_host');
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    await guest.sawEvent('self', 'roomJoined');
    await Promise.all([host.seesVideoOf(guest.id), guest.seesVideoOf(host.id)]);
  });
});
