import { HeadlessPeer } from '@parley/headless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

const CROWD = 9;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('who is there, with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;
  let crowd: HeadlessPeer[];

  beforeAll(async () => {
    stage = await setUpStage();
    meeting = await stage.backend.newMeeting();
    const url = `${stage.parley.httpUrl.replace('http', 'ws')}/ws`;
    [mary, tom] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host'),
      stage.enter(meeting, 'Tom', 'group_call_participant', { audio: true, video: true }),
    ]);
    crowd = [];
    for (let number = 1; number <= CROWD; number++) {
      const name = `Guest ${number}`;
      const { token } = await stage.backend.addParticipant(meeting, name, 'group_call_participant');
      const peer = new HeadlessPeer({ url, token, displayName: name });
      await peer.connect();
      await peer.join();
      crowd.push(peer);
    }
    for (const person of [mary, tom]) {
      await until('everybody', async () => (await person.joinedIds()).length === CROWD + 1);
    }
  });
  afterAll(async () => {
    for (const peer of crowd ?? []) peer.drop();
    await stage?.dispose();
  });

  it(
    'each participant has a name, ids and a preset, and the count is that of the backend (V01, V02, V13)',
    proves(
      'Client.participants',
      'Client.self',
      'Client.meta',
      'Client.peerId',
      'Participants.joined',
      'Participants.count',
      'Participant.id',
      'Participant.userId',
      'Participant.name',
      'Participant.picture',
      'Participant.customParticipantId',
      'Participant.presetName',
      'Participant.flags',
      'ParticipantMap:participantJoined',
      'SelfMedia.peerId',
      'Self.id',
      'Self.name',
      'Self.userId',
      'Self.customParticipantId',
      'Self.presetName',
    ),
    async () => {
      expect(await mary.run(() => window.meeting.participants.count)).toBe(CROWD + 1);
      const { client, accountId, appId } = stage.backend;
      const scope = { account_id: accountId, app_id: appId };
      const { data } = await client.realtimeKit.activeSession.getActiveSession(meeting, scope);
      expect(data?.live_participants).toBe(CROWD + 2);

      const seen = await mary.run((id) => {
        const one = window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)!;
        const { userId, name, picture, customParticipantId, presetName } = one;
        return { id: one.id, userId, name, picture, customParticipantId, presetName };
      }, tom.id);
      const own = await tom.run(() => {
        const { id, userId, name, picture, customParticipantId, presetName } = window.meeting.self;
        return { id, userId, name, picture, customParticipantId, presetName };
      });
      expect(seen).toMatchObject({ ...own, picture: seen.picture });
      expect(own).toMatchObject({ name: 'Tom', userId: tom.id, customParticipantId: 'custom-Tom' });
      expect(await tom.run(() => [window.meeting.peerId, window.meeting.self.peerId])).toEqual([
        own.id,
        own.id,
      ]);
      await mary.sawEvent('joined', 'participantJoined', { name: 'Guest 1' });
    },
  );

  it(
    'lists everybody by search, limit and offset (V12)',
    proves('Participants.getAllJoinedPeers'),
    async () => {
      const list = (query: string, limit: number, offset: number) =>
        mary.run(
          async ({ query, limit, offset }) =>
            (await window.meeting.participants.getAllJoinedPeers(query, limit, offset)).map(
              ({ name, displayName }) => name ?? displayName,
            ),
          { query, limit, offset },
        );
      const guests = crowd.map((_, index) => `Guest ${index + 1}`);
      const everybody = await list('', 100, 0);
      expect(everybody.sort()).toEqual(['Mary', 'Tom', ...guests].sort());
      expect((await list('guest', 100, 0)).sort()).toEqual(guests.sort());
      const pages = [await list('', 4, 0), await list('', 4, 4), await list('', 4, 8)];
      expect(pages.map(({ length }) => length)).toEqual([4, 4, 3]);
      expect(pages.flat().sort()).toEqual(everybody.sort());
      expect(await list('nobody', 10, 0)).toEqual([]);
    },
  );

  it(
    'before the join one sees who is there, and is not there (V12)',
    proves('Participants.getParticipantsInMeetingPreJoin'),
    async () => {
      const early = await stage.arrive(meeting, 'Eve', 'group_call_participant');
      await early.init(WITHOUT_DEVICES);
      const names = await early.run(async () =>
        (await window.meeting.participants.getParticipantsInMeetingPreJoin()).peers.map(
          ({ displayName }) => displayName,
        ),
      );
      expect(names).toHaveLength(CROWD + 2);
      expect(names).toContain('Mary');
      expect(await early.run(() => window.meeting.self.roomJoined)).toBe(false);
      expect(await mary.run(() => window.meeting.participants.count)).toBe(CROWD + 1);
      await early.close();
    },
  );

  it(
    'pages hold each participant once, and the mode goes back to the grid (V03, V06)',
    proves(
      'Participants.setViewMode',
      'Participants.viewMode',
      'Participants.setPage',
      'Participants.currentPage',
      'Participants.pageCount',
      'Participants.getPeerIdsForCurrentPage',
      'Participants.setMaxActiveParticipantsCount',
      'Participants.maxActiveParticipantsCount',
      'Participants.active',
      'Participants:viewModeChanged',
      'Participants:pageChanged',
      'ParticipantMap:participantsUpdate',
    ),
    async () => {
      const grid = await mary.run(async () => {
        const { participants } = window.meeting;
        participants.setMaxActiveParticipantsCount(4);
        return [participants.viewMode, participants.currentPage, participants.pageCount];
      });
      expect(grid).toEqual(['ACTIVE_GRID', 0, 0]);
      await mary.run(() => window.meeting.participants.setViewMode('PAGINATED'));
      await mary.sawEvent('participants', 'viewModeChanged', { viewMode: 'PAGINATED', currentPage: 1 });
      const pages: string[][] = [];
      const count = await mary.run(() => window.meeting.participants.pageCount);
      for (let page = 1; page <= count; page++) {
        await mary.run((page) => window.meeting.participants.setPage(page), page);
        await mary.sawEvent('participants', 'pageChanged', { currentPage: page });
        pages.push(await mary.run(() => window.meeting.participants.getPeerIdsForCurrentPage()));
      }
      const all = await mary.run(() => window.meeting.participants.joined.toArray().map(({ id }) => id));
      expect(pages.every(({ length }) => length <= 4)).toBe(true);
      expect(pages.flat().sort()).toEqual(all.sort());
      await mary.sawEvent('active', 'participantsUpdate');

      await mary.run(() => window.meeting.participants.setViewMode('ACTIVE_GRID'));
      await until('a full grid', () =>
        mary.run(() => {
          const { active, maxActiveParticipantsCount } = window.meeting.participants;
          return active.size > 0 && active.size <= maxActiveParticipantsCount;
        }),
      );
      expect(
        await mary.attempt(() => window.meeting.participants.setMaxActiveParticipantsCount(25)),
      ).toMatchObject({ ok: false, code: '1203' });
      expect(
        await mary.attempt(() => window.meeting.participants.setViewMode('ODD' as 'MANUAL')),
      ).toMatchObject({ ok: false, code: '1207' });
    },
  );

  it(
    'who speaks is told to the others (V04, V05)',
    proves(
      'Participants:activeSpeaker',
      'Participants.lastActiveSpeaker',
      'Participants.selectedPeers',
      'SelectedPeers.peers',
      'SelectedPeers.activeSpeakerPeers',
      'SelectedPeers.compulsoryPeers',
      'SelectedPeers.index',
    ),
    async () => {
      // Of two who speak on and on, only the first would ever be told of.
      await mary.run(() => window.meeting.self.disableAudio());
      const speaker = await tom.peerId();
      const { details } = await mary.sawEvent('participants', 'activeSpeaker', { peerId: speaker });
      expect(details).toMatchObject({ volume: expect.any(Number) });
      expect(await mary.run(() => window.meeting.participants.lastActiveSpeaker)).toBe(speaker);
      const ranking = await mary.run((id) => {
        const { selectedPeers } = window.meeting.participants;
        const { peers, activeSpeakerPeers, compulsoryPeers } = selectedPeers;
        return { peers, activeSpeakerPeers, compulsoryPeers, index: selectedPeers.index(id) };
      }, speaker);
      expect(ranking.peers).toContain(speaker);
      expect(ranking.activeSpeakerPeers).toContain(speaker);
      expect(ranking.compulsoryPeers).toEqual([]);
      expect(ranking.index).toBeGreaterThanOrEqual(0);
    },
  );

  it(
    'one subscribes by hand to sound or picture, each alone (V01, V08)',
    proves(
      'Participants.subscribe',
      'Participants.unsubscribe',
      'Participants.videoSubscribed',
      'Participants.audioSubscribed',
      'Participant.manualProducerConfig',
    ),
    async () => {
      const id = await tom.peerId();
      expect(
        await mary.attempt((id) => window.meeting.participants.subscribe([id], ['video']), id),
      ).toMatchObject({ ok: false, code: '1206' });
      await mary.run(() => window.meeting.participants.setViewMode('MANUAL'));
      const isSubscribed = () =>
        mary.run((id) => {
          const { videoSubscribed, audioSubscribed } = window.meeting.participants;
          return [videoSubscribed.has(id), audioSubscribed.has(id)];
        }, id);
      await mary.run((id) => window.meeting.participants.unsubscribe([id]), id);
      expect(await isSubscribed()).toEqual([false, false]);
      await mary.run((id) => window.meeting.participants.subscribe([id], ['video']), id);
      expect(await isSubscribed()).toEqual([true, false]);
      await mary.seesVideoOf(tom.id);
      await mary.run((id) => window.meeting.participants.subscribe([id], ['audio']), id);
      await mary.hears(tom.id);
      await mary.run(() => window.meeting.participants.setViewMode('ACTIVE_GRID'));
    },
  );

  it(
    'a second tab of one participant is a peer of its own, and goes alone (C17)',
    proves('ParticipantMap:participantLeft', 'Client.join', 'Client.leave', 'Client.init'),
    async () => {
      const tab = await stage.openPage(tom);
      await tab.init(WITHOUT_DEVICES);
      await tab.join();
      const id = await tab.peerId();
      await mary.sawEvent('joined', 'participantJoined', { id, userId: tom.id });
      await until(
        'both tabs',
        async () => (await mary.joinedIds()).filter((one) => one === tom.id).length === 2,
      );
      await tab.run(() => window.meeting.leave());
      await mary.sawEvent('joined', 'participantLeft', { id });
      expect(await tom.run(() => window.meeting.self.roomJoined)).toBe(true);
      await tab.close();
    },
  );

  it(
    'a host meets those who wait, lets in one and sends away another (W05, W06)',
    proves(
      'Participants.waitlisted',
      'Participants.acceptWaitingRoomRequest',
      'Participants.acceptAllWaitingRoomRequest',
      'Participants.rejectWaitingRoomRequest',
      'SelfMedia:waitlisted',
      'SelfMedia:roomJoined',
      'SelfMedia:roomLeft',
      'Self.roomState',
      'Self.roomJoined',
      'Self.waitlistStatus',
    ),
    async () => {
      await stage.backend.newPreset('knocks', 'group_call_participant', {
        waiting_room_type: 'SKIP_ON_ACCEPT',
      });
      const guests = await Promise.all(
        ['Ida', 'Joe', 'Kim'].map(async (name) => {
          const guest = await stage.arrive(meeting, name, 'knocks');
          await guest.init(WITHOUT_DEVICES);
          await guest.run(() => void window.meeting.join().catch(() => undefined));
          await guest.sawEvent('self', 'waitlisted');
          expect(
            await guest.run(() => [window.meeting.self.roomState, window.meeting.self.waitlistStatus]),
          ).toEqual(['waitlisted', 'waiting']);
          await mary.sawEvent('waitlisted', 'participantJoined', { userId: guest.id });
          return guest;
        }),
      );
      const [ida, joe, kim] = guests as [Person, Person, Person];
      await mary.run((id) => window.meeting.participants.acceptWaitingRoomRequest(id), await ida.peerId());
      await ida.sawEvent('self', 'roomJoined');
      await mary.run((ids) => window.meeting.participants.acceptAllWaitingRoomRequest(ids), [joe.id]);
      await joe.sawEvent('self', 'roomJoined');
      await mary.run((id) => window.meeting.participants.rejectWaitingRoomRequest(id), kim.id);
      await kim.sawEvent('self', 'roomLeft', { state: 'rejected' });
      await until('nobody waits', () => mary.run(() => window.meeting.participants.waitlisted.size === 0));
      await Promise.all(guests.map((guest) => guest.close()));
    },
  );
});
