import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

/** The enumerations of a permissions patch (features.md S37); the SDK shows that of the waiting room as it comes. */
const NOT_ALLOWED = 2;
const ALLOWED = 1;
const SKIP_ON_ACCEPT = 3;
const NO_RECORDER = 0;

type Patch = Parameters<typeof window.meeting.participants.updatePermissions>[1];

/** Every field of a patch that is a plain right, and what the holder's `permissions` call it. */
const RIGHTS = [
  ['acceptWaitingRequests', 'acceptWaitingRequests'],
  ['canEditDisplayName', 'canEditDisplayName'],
  ['canRecord', 'canRecord'],
  ['canLivestream', 'canLivestream'],
  ['canSpotlight', 'canSpotlight'],
  ['disableParticipantAudio', 'canDisableParticipantAudio'],
  ['disableParticipantVideo', 'canDisableParticipantVideo'],
  ['kickParticipant', 'kickParticipant'],
  ['pinParticipant', 'pinParticipant'],
  ['transcriptionEnabled', 'transcriptionEnabled'],
  ['isRecorder', 'isRecorder'],
  ['hiddenParticipant', 'hiddenParticipant'],
  ['showParticipantList', 'showParticipantList'],
  ['canChangeParticipantPermissions', 'canChangeParticipantPermissions'],
  ['canAcceptProductionRequests', 'canAllowParticipantScreensharing'],
  ['disableParticipantScreensharing', null],
] as const;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the rights of a host with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;
  let ann: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    meeting = await stage.backend.newMeeting();
    [mary, tom, ann] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host'),
      stage.enter(meeting, 'Tom', 'group_call_participant'),
      stage.enter(meeting, 'Ann', 'group_call_participant', WITHOUT_DEVICES),
    ]);
    for (const person of [mary, tom, ann]) {
      await until('all see each other', async () => (await person.joinedIds()).length === 2);
    }
  });
  afterAll(() => stage?.dispose());

  /** Calls a method of another participant. */
  const upon = (
    who: Person,
    method: 'pin' | 'unpin' | 'kick' | 'disableAudio' | 'disableVideo',
    other: Person,
  ) =>
    who.attempt(
      ({ method, id }) =>
        window.meeting.participants.joined
          .toArray()
          .find(({ userId }) => userId === id)!
          [method](),
      { method, id: other.id },
    );
  const grant = async (patch: Patch, by = mary, to = tom) =>
    by.attempt(({ id, patch }) => window.meeting.participants.updatePermissions([id], patch), {
      id: await to.peerId(),
      patch,
    });
  const permissionOf = (person: Person, name: string) =>
    person.run((name) => (window.meeting.self.permissions as unknown as Record<string, unknown>)[name], name);

  it(
    'each single right is given and taken while the person is in (S35, S36, R36)',
    proves(
      'Participants.updatePermissions',
      'Self.permissions',
      'PermissionPreset:permissionsUpdate',
      'PermissionPreset.acceptWaitingRequests',
      'PermissionPreset.canEditDisplayName',
      'PermissionPreset.canRecord',
      'PermissionPreset.canLivestream',
      'PermissionPreset.canSpotlight',
      'PermissionPreset.canDisableParticipantAudio',
      'PermissionPreset.canDisableParticipantVideo',
      'PermissionPreset.pinParticipant',
      'PermissionPreset.transcriptionEnabled',
      'PermissionPreset.isRecorder',
      'PermissionPreset.hiddenParticipant',
      'PermissionPreset.showParticipantList',
      'PermissionPreset.canChangeParticipantPermissions',
      'PermissionPreset.canAllowParticipantScreensharing',
    ),
    async () => {
      for (const [field, getter] of RIGHTS) {
        const before = getter !== null && (await permissionOf(tom, getter));
        for (const value of [!before, before === true]) {
          const seen = (await tom.events()).length;
          expect(await grant({ [field]: value })).toEqual({ ok: true });
          await tom.sawEvent('permissions', 'permissionsUpdate', { [field]: value }, seen);
          if (getter !== null) expect(await permissionOf(tom, getter)).toBe(value);
        }
      }
    },
  );

  it(
    'whole groups of rights change: chat, polls, plugins, connected meetings, waiting room, media (S36, S37)',
    proves(
      'PermissionPreset.chatPublic',
      'PermissionPreset.chatPrivate',
      'PermissionPreset.polls',
      'PermissionPreset.plugins',
      'PermissionPreset.connectedMeetings',
      'PermissionPreset.waitingRoomBehaviour',
      'PermissionPreset.canProduceAudio',
      'PermissionPreset.canProduceVideo',
      'PermissionPreset.canProduceScreenshare',
      'PermissionPreset:chatUpdate',
      'PermissionPreset:pollsUpdate',
      'PermissionPreset:pluginsUpdate',
    ),
    async () => {
      const groups: [Patch, string, object | string | number, string?][] = [
        [{ chat: { public: { canSend: false } } }, 'chatPublic', { canSend: false }, 'chatUpdate'],
        [{ chat: { public: { canSend: true } } }, 'chatPublic', { canSend: true }],
        [
          { chat: { private: { canSend: true, canReceive: true, text: true } } },
          'chatPrivate',
          { canSend: true, canReceive: true, text: true },
        ],
        [
          { polls: { canCreate: false, canVote: true, canView: true } },
          'polls',
          { canCreate: false, canVote: true },
          'pollsUpdate',
        ],
        [
          { plugins: { canStart: false, canClose: false } },
          'plugins',
          { canStart: false, canClose: false },
          'pluginsUpdate',
        ],
        [
          { connectedMeetings: { canAlterConnectedMeetings: true } },
          'connectedMeetings',
          { canAlterConnectedMeetings: true },
        ],
        [
          { waitingRoomType: SKIP_ON_ACCEPT, recorderType: NO_RECORDER },
          'waitingRoomBehaviour',
          SKIP_ON_ACCEPT,
        ],
        [{ media: { screenshare: { canProduce: NOT_ALLOWED } } }, 'canProduceScreenshare', 'NOT_ALLOWED'],
        [{ media: { screenshare: { canProduce: ALLOWED } } }, 'canProduceScreenshare', 'ALLOWED'],
      ];
      for (const [patch, getter, expected, event] of groups) {
        const seen = (await tom.events()).length;
        expect(await grant(patch)).toEqual({ ok: true });
        await tom.sawEvent('permissions', event ?? 'permissionsUpdate', {}, seen);
        const now = await permissionOf(tom, getter);
        if (typeof expected === 'object') expect(now).toMatchObject(expected);
        else expect(now).toBe(expected);
      }
      // The SDK lets Tom try; the server knows that he may not.
      await tom.attempt(() => window.meeting.polls.create('not allowed', ['a', 'b']));
      await mary.run(() => window.meeting.polls.create('allowed', ['a', 'b']));
      await until('a poll', () => ann.run(() => window.meeting.polls.items.length > 0));
      expect(await ann.run(() => window.meeting.polls.items.map(({ question }) => question))).toEqual([
        'allowed',
      ]);
    },
  );

  it(
    'a lost right to the camera switches it off; without the right nobody changes rights (R13, R14, R33)',
    proves(
      'SelfMedia.videoEnabled',
      'SelfMedia.enableVideo',
      'SelfMedia:videoUpdate',
      'ParticipantMap:videoUpdate',
      'Participant:videoUpdate',
      'Participant.videoEnabled',
    ),
    async () => {
      await mary.seesVideoOf(tom.id);
      await grant({ media: { video: { canProduce: NOT_ALLOWED } } });
      await tom.sawEvent('self', 'videoUpdate', { videoEnabled: false });
      await mary.sawEvent('joined', 'videoUpdate', { userId: tom.id, videoEnabled: false });
      await tom.attempt(() => window.meeting.self.enableVideo());
      expect(await tom.run(() => window.meeting.self.videoEnabled)).toBe(false);
      await grant({ media: { video: { canProduce: ALLOWED } } });
      await until('the right', async () => (await permissionOf(tom, 'canProduceVideo')) === 'ALLOWED');
      await tom.run(() => window.meeting.self.enableVideo());
      await mary.seesVideoOf(tom.id);

      await grant({ kickParticipant: true }, tom, ann);
      expect(await grant({ kickParticipant: true }, mary, mary)).toMatchObject({ ok: false, code: '1204' });
      expect(await permissionOf(ann, 'kickParticipant')).toBe(false);
    },
  );

  it('a preset of one participant can be read (S35)', proves('Participant.getPermissions'), async () => {
    const permissions = await mary.run(
      (id) =>
        window.meeting.participants.joined
          .toArray()
          .find(({ userId }) => userId === id)!
          .getPermissions(),
      ann.id,
    );
    expect(Object.keys(permissions).sort()).toEqual(['chat', 'plugins', 'polls']);
  });

  it(
    'one participant is pinned for all; a second pin takes its place; oneself can be pinned (V09, R05)',
    proves(
      'Participant.pin',
      'Participant.unpin',
      'Participant.isPinned',
      'Participant:pinned',
      'Participant:unpinned',
      'ParticipantMap:pinned',
      'ParticipantMap:unpinned',
      'Participants.pinned',
      'Self.pin',
      'Self.unpin',
      'Self.isPinned',
      'SelfMedia:pinned',
      'SelfMedia:unpinned',
    ),
    async () => {
      const pinnedAt = (person: Person) =>
        person.run(() => window.meeting.participants.pinned.toArray().map(({ userId }) => userId));
      expect(await upon(tom, 'pin', ann)).toMatchObject({ ok: false, code: '1201' });
      expect(await upon(mary, 'pin', ann)).toEqual({ ok: true });
      await tom.sawEvent('joined', 'pinned', { userId: ann.id });
      await ann.sawEvent('self', 'pinned');
      expect(await ann.run(() => window.meeting.self.isPinned)).toBe(true);
      expect(await pinnedAt(tom)).toEqual([ann.id]);

      expect(await upon(mary, 'pin', tom)).toEqual({ ok: true });
      await ann.sawEvent('self', 'unpinned');
      await until('Tom alone', async () => (await pinnedAt(ann)).join() === tom.id);
      const late = await stage.enter(meeting, 'Lee', 'group_call_participant', WITHOUT_DEVICES);
      await until('Tom alone', async () => (await pinnedAt(late)).join() === tom.id);
      await late.close();
      expect(await upon(mary, 'unpin', tom)).toEqual({ ok: true });
      await ann.sawEvent('joined', 'unpinned', { userId: tom.id });
      expect(await pinnedAt(ann)).toEqual([]);

      await mary.run(() => window.meeting.self.pin());
      await until('Mary', async () => (await pinnedAt(tom)).join() === mary.id);
      await mary.run(() => window.meeting.self.unpin());
      await until('nobody', async () => (await pinnedAt(tom)).length === 0);
    },
  );

  it(
    'the host mutes one, who may unmute; and all others at once (V10, V11, R02, R03)',
    proves(
      'Participant.disableAudio',
      'Participant.disableVideo',
      'Participants.disableAllAudio',
      'Participants.disableAllVideo',
      'Participant.audioEnabled',
      'Participant:audioUpdate',
      'ParticipantMap:audioUpdate',
      'SelfMedia:audioUpdate',
      'SelfMedia.audioEnabled',
      'SelfMedia.enableAudio',
    ),
    async () => {
      expect(await upon(tom, 'disableAudio', mary)).toMatchObject({ ok: false, code: '1201' });
      expect(await upon(mary, 'disableAudio', tom)).toEqual({ ok: true });
      await tom.sawEvent('self', 'audioUpdate', { audioEnabled: false });
      await ann.sawEvent('joined', 'audioUpdate', { userId: tom.id, audioEnabled: false });
      await tom.run(() => window.meeting.self.enableAudio());
      await mary.hears(tom.id);
      const seen = (await tom.events()).length;
      expect(await upon(mary, 'disableVideo', tom)).toEqual({ ok: true });
      await tom.sawEvent('self', 'videoUpdate', { videoEnabled: false }, seen);
      await tom.run(() => window.meeting.self.enableVideo());

      expect(await tom.attempt(() => window.meeting.participants.disableAllAudio(true))).toMatchObject({
        ok: false,
        code: '1201',
      });
      expect(await mary.attempt(() => window.meeting.participants.disableAllAudio(true))).toEqual({
        ok: true,
      });
      expect(await mary.attempt(() => window.meeting.participants.disableAllVideo())).toEqual({ ok: true });
      await until('Tom is off', () =>
        tom.run(() => !window.meeting.self.audioEnabled && !window.meeting.self.videoEnabled),
      );
      await until('seen as off', () =>
        ann.run((id) => {
          const muted = window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)!;
          return !muted.audioEnabled && !muted.videoEnabled;
        }, tom.id),
      );
      expect(await mary.run(() => window.meeting.self.audioEnabled)).toBe(true);
    },
  );

  it(
    'a right given in the session is a right: Tom ends it for all (S36, R01)',
    proves(
      'Participant.kick',
      'Participant:kicked',
      'ParticipantMap:kicked',
      'Participants.kickAll',
      'PermissionPreset.kickParticipant',
    ),
    async () => {
      expect(await upon(tom, 'kick', ann)).toMatchObject({ ok: false, code: '1201' });
      await grant({ kickParticipant: true });
      await until('the right', async () => (await permissionOf(tom, 'kickParticipant')) === true);
      expect(await upon(tom, 'kick', ann)).toEqual({ ok: true });
      await tom.sawEvent('joined', 'kicked', { userId: ann.id });
      await ann.sawEvent('self', 'roomLeft', { state: 'kicked' });
      expect(await tom.attempt(() => window.meeting.participants.kickAll())).toEqual({ ok: true });
      for (const person of [mary, tom]) await person.sawEvent('self', 'roomLeft', { state: 'ended' });

      const again = await stage.openPage(tom);
      await again.init(WITHOUT_DEVICES);
      await again.join();
      expect(await permissionOf(again, 'kickParticipant')).toBe(false);
    },
  );
});
