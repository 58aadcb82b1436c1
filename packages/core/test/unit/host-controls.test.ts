import { answers, type PermissionsPatch, patchFromWire } from '@parley/core';
import { MediaEvent, PresetEvent, type preset } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { call } from '../support/call.js';
import { Meeting, participantOf } from '../support/meeting.js';
import { guest, host, viewer } from '../support/presets.js';

const pin = (by: string, peerId: string | null) => ({ type: 'PinPeer' as const, by, peerId });
const change = (by: string, peerId: string, patch: PermissionsPatch) => ({
  type: 'ChangePermissions' as const,
  by,
  changes: [{ participantId: participantOf(peerId), patch }],
});

describe('pinning', () => {
  it('is told to all, the one who does it included (R05, protocol.md 16)', () => {
    const meeting = call();
    const told = meeting.do(pin('host', 'anna'));
    expect(told.receivers(MediaEvent.globalPeerPinBroadcast)).toEqual(['host', 'anna', 'ben']);
    expect(told.message(MediaEvent.globalPeerPinBroadcast)).toEqual({ participantId: 'anna' });
    const unpinned = meeting.do(pin('host', null));
    expect(unpinned.message(MediaEvent.globalPeerPinBroadcast)).toEqual({ participantId: '' });
    expect(meeting.session.pinnedPeerId).toBeNull();
  });

  it('a second one replaces the first (V09, OQ11)', () => {
    const meeting = call();
    meeting.do(pin('host', 'anna'));
    meeting.do(pin('host', 'ben'));
    expect(meeting.session.pinnedPeerId).toBe('ben');
  });

  it('oneself is a pin like any other', () => {
    const meeting = call();
    meeting.do(pin('host', 'host'));
    expect(meeting.session.pinnedPeerId).toBe('host');
  });

  it('needs the permission, also for oneself and to unpin (R05, E10)', () => {
    const meeting = call();
    for (const peerId of ['ben', 'anna', null]) {
      expect(meeting.refusalOf(pin('anna', peerId))).toBe('permission_denied');
    }
    expect(meeting.refusalOf(pin('stranger', 'anna'))).toBe('not_joined');
  });

  it('takes nobody whom the others do not know: their clients would fail (W08, protocol.md 16)', () => {
    const meeting = call();
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    meeting.join('ghost', guest({ hidden_participant: true }));
    meeting.join('recorder', guest({ recorder_type: 'RECORDER' }));
    for (const peerId of ['nobody', 'wendy', 'ghost', 'recorder']) {
      expect(meeting.refusalOf(pin('host', peerId)), peerId).toBe('peer_unknown');
    }
  });
});

describe('changing permissions', () => {
  it('holds for every peer of the participant and is told to them alone (R36, S35)', () => {
    const meeting = call();
    meeting.join('anna-phone', guest(), { participantId: participantOf('anna') });
    const told = meeting.do(change('host', 'anna', { chat: { public: { files: false } } }));
    expect(told.receivers(PresetEvent.updateUserPreset)).toEqual(['anna', 'anna-phone']);
    expect(told.message(PresetEvent.updateUserPreset).updatePeersPresets).toEqual([
      { userIds: participantOf('anna'), patch: { chat: { public: { files: false } } } },
    ]);
    for (const peerId of ['anna', 'anna-phone']) {
      expect(meeting.peer(peerId).permissions.chat.public).toEqual({
        can_send: true,
        text: true,
        files: false,
      });
    }
    expect(meeting.peer('ben').permissions.chat.public.files).toBe(true);
  });

  it('needs the permission (R33, E10)', () => {
    const meeting = call();
    const patch = { kick_participant: true };
    expect(meeting.refusalOf(change('anna', 'anna', patch))).toBe('permission_denied');
    expect(meeting.refusalOf(change('stranger', 'anna', patch))).toBe('not_joined');
  });

  it('leaves the preset alone and ends with the session (P16, OQ12)', () => {
    const meeting = call();
    const preset = guest();
    meeting.join('cleo', preset);
    meeting.do(change('host', 'cleo', { polls: { can_create: false } }));
    expect(preset).toEqual(guest());
    meeting.do({ type: 'EndSession', by: 'host' });
    meeting.join('cleo', preset);
    expect(meeting.peer('cleo').permissions.polls.can_create).toBe(true);
  });

  it('outlasts leaving and joining again, and the client hears of it anew (OQ12)', () => {
    const meeting = call();
    meeting.do(change('host', 'anna', { polls: { can_create: false } }));
    meeting.do(change('host', 'anna', { kick_participant: true }));
    meeting.leave('anna');
    const told = meeting.join('anna');
    expect(told.to('anna')).toEqual(['room.joinRoom!', 'preset.updateUserPreset']);
    const [update] = told.message(PresetEvent.updateUserPreset).updatePeersPresets;
    expect(update?.patch).toEqual({ polls: { canCreate: false, canView: true }, kickParticipant: true });
    expect(told.to('ben')).toEqual(['room.joinRoom!']);
    expect(meeting.peer('anna').permissions).toMatchObject({
      kick_participant: true,
      polls: { can_create: false, can_vote: true },
    });
  });

  it('is told again after a lost connection, in which it may have been missed (S05)', () => {
    const meeting = call();
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    meeting.do(change('host', 'anna', { kick_participant: true }));
    expect(meeting.join('anna').to('anna')).toEqual(['room.joinRoom!', 'preset.updateUserPreset']);
  });

  it('decides about the stage and the waiting room of the next join', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('vera', viewer({ stage_access: undefined }));
    meeting.do(change('host', 'vera', { media: { audio: { can_produce: 'ALLOWED' } } }));
    meeting.leave('vera');
    meeting.join('vera', viewer({ stage_access: undefined }));
    expect(meeting.peer('vera').stage).toBe('ON_STAGE');
    meeting.do(change('host', 'vera', { waiting_room_type: 'SKIP_ON_ACCEPT' }));
    meeting.leave('vera');
    meeting.join('vera', viewer());
    expect(meeting.waitingIds).toEqual(['vera']);
  });

  it('opens the door with the rights that somebody was given, also at the next join (W03)', () => {
    const waits = guest({ waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' });
    const meeting = new Meeting();
    const noDoorkeeper = host({ accept_waiting_requests: false });
    meeting.join('host', noDoorkeeper);
    meeting.join('anna');
    meeting.do(change('host', 'anna', { accept_waiting_requests: true }));
    meeting.leave('anna');
    meeting.join('wendy', waits);
    expect(meeting.join('anna').to('wendy')).toEqual(['room.waitingRoomRequestAccepted']);
  });

  it('always says whether polls may be viewed, or the client drops its polls (pitfall 22)', () => {
    const meeting = call();
    const told = meeting.do(change('host', 'anna', { polls: { can_vote: false } }));
    const [update] = told.message(PresetEvent.updateUserPreset).updatePeersPresets;
    expect(update?.patch?.polls).toEqual({ canVote: false, canView: true });
    const off = meeting.do(change('host', 'anna', { polls: { can_view: false } }));
    const [last] = off.message(PresetEvent.updateUserPreset).updatePeersPresets;
    expect(last?.patch?.polls).toEqual({ canView: false });
  });

  it('that takes a media permission stops what is being sent (R13, protocol.md 15)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    meeting.produce('anna', 'camera', { kind: 'video' });
    const told = meeting.do(change('host', 'anna', { media: { audio: { can_produce: 'NOT_ALLOWED' } } }));
    expect(told.orders).toEqual([{ type: 'muteProducer', producerId: 'mic', muted: true }]);
    expect(told.to('ben')).toEqual(['media.peerProducerToggleBroadcast']);
    const unmute = { type: 'ToggleProducer' as const, by: 'anna', producerId: 'mic', paused: false };
    expect(meeting.refusalOf(unmute)).toBe('permission_denied');
  });

  it('of several at once acts on those who are in (OQ04)', () => {
    const meeting = call();
    const patch = { kick_participant: true };
    const changes = ['nobody', 'anna', 'ben'].map((id) => ({ participantId: participantOf(id), patch }));
    meeting.do({ type: 'ChangePermissions', by: 'host', changes });
    expect(meeting.peer('anna').permissions.kick_participant).toBe(true);
    expect(meeting.peer('ben').permissions.kick_participant).toBe(true);
  });

  it('is refused when it names nobody or nothing', () => {
    const meeting = call();
    const changes = [{ participantId: 'nobody', patch: { can_record: true } }];
    expect(meeting.refusalOf({ type: 'ChangePermissions', by: 'host', changes })).toBe('patch_invalid');
    expect(meeting.refusalOf({ type: 'ChangePermissions', by: 'host', changes: [] })).toBe('patch_invalid');
    expect(meeting.refusalOf(change('host', 'anna', {}))).toBe('patch_invalid');
  });
});

describe('patches on the wire', () => {
  /** All 23 fields, each as the wire spells it and as a preset spells it. */
  const FIELDS: [preset.PresetUpdates, PermissionsPatch][] = [
    [
      { polls: { canCreate: true, canVote: true, canView: true } },
      { polls: { can_create: true, can_vote: true, can_view: true } },
    ],
    [{ plugins: { canClose: true, canStart: true } }, { plugins: { can_close: true, can_start: true } }],
    [
      { chat: { public: { canSend: true, text: true, files: true } } },
      { chat: { public: { can_send: true, text: true, files: true } } },
    ],
    [
      { chat: { private: { canSend: true, canReceive: true, text: true, files: true } } },
      { chat: { private: { can_send: true, can_receive: true, text: true, files: true } } },
    ],
    [{ acceptWaitingRequests: true }, { accept_waiting_requests: true }],
    [{ canAcceptProductionRequests: true }, { can_accept_production_requests: true }],
    [{ canEditDisplayName: true }, { can_edit_display_name: true }],
    [{ canRecord: true }, { can_record: true }],
    [{ canLivestream: true }, { can_livestream: true }],
    [{ canSpotlight: true }, { can_spotlight: true }],
    [{ disableParticipantAudio: true }, { disable_participant_audio: true }],
    [{ disableParticipantScreensharing: true }, { disable_participant_screensharing: true }],
    [{ disableParticipantVideo: true }, { disable_participant_video: true }],
    [{ kickParticipant: true }, { kick_participant: true }],
    [{ pinParticipant: true }, { pin_participant: true }],
    [{ transcriptionEnabled: true }, { transcription_enabled: true }],
    [{ waitingRoomType: 3 }, { waiting_room_type: 'SKIP_ON_ACCEPT' }],
    [{ isRecorder: true }, { is_recorder: true }],
    [{ recorderType: 2 }, { recorder_type: 'LIVESTREAMER' }],
    [{ hiddenParticipant: true }, { hidden_participant: true }],
    [{ showParticipantList: true }, { show_participant_list: true }],
    [{ canChangeParticipantPermissions: true }, { can_change_participant_permissions: true }],
    [
      {
        connectedMeetings: {
          canAlterConnectedMeetings: true,
          canSwitchToParentMeeting: true,
          canSwitchConnectedMeetings: true,
        },
      },
      {
        connected_meetings: {
          can_alter_connected_meetings: true,
          can_switch_to_parent_meeting: true,
          can_switch_connected_meetings: true,
        },
      },
    ],
    [
      { media: { audio: { canProduce: 1 }, video: { canProduce: 2 }, screenshare: { canProduce: 3 } } },
      {
        media: {
          audio: { can_produce: 'ALLOWED' },
          video: { can_produce: 'NOT_ALLOWED' },
          screenshare: { can_produce: 'CAN_REQUEST' },
        },
      },
    ],
  ];

  it.each(FIELDS)('%j is %j there and back (S36, S37)', (wire, patch) => {
    expect(patchFromWire(wire)).toEqual(patch);
    const meeting = call();
    const told = meeting.do(change('host', 'anna', patch));
    const [update] = told.message(PresetEvent.updateUserPreset).updatePeersPresets;
    expect(update?.patch).toEqual(wire);
    expect(meeting.peer('anna').permissions).toMatchObject(patch);
  });

  it('leave out what no preset has: unknown numbers, and the permission to consume', () => {
    const odd = { waitingRoomType: 9 as 1, media: { audio: { canProduce: 0, canConsume: 1 } } } as const;
    expect(patchFromWire(odd)).toEqual({});
  });
});

describe("asking for somebody's permissions", () => {
  it('gives the groups that the SDK hands on, with the changes of the session (protocol.md 15)', () => {
    const meeting = call();
    meeting.do(change('host', 'anna', { chat: { private: { can_send: false } } }));
    const { peerPresets } = answers.presetsOf(meeting.session, [participantOf('anna')]);
    expect(peerPresets).toHaveLength(1);
    expect(peerPresets[0]).toMatchObject({ userId: participantOf('anna'), peerId: 'anna' });
    const { permissions } = JSON.parse(new TextDecoder().decode(peerPresets[0]?.preset));
    expect(Object.keys(permissions)).toEqual(['chat', 'polls', 'plugins']);
    expect(permissions.chat.private.can_send).toBe(false);
  });
});
