import {
  BACKEND,
  type Command,
  type Identity,
  type LivestreamChange,
  type MeetingState,
  type MutableMedia,
  type NewLivestream,
  type NewRecording,
  type RecordingChange,
  type TimeLimits,
} from '@parley/core';
import { KEEP_ALIVE_MS } from './meeting.js';
import type { Random } from './random.js';
import { RandomPicks } from './random-picks.js';
import {
  BUSY,
  DEVICES,
  KEYS,
  PARTICIPANTS,
  PATCHES,
  PAYLOADS,
  PRESETS,
  QUIET,
  STORES,
  TEXTS,
  USUALLY,
} from './random-world.js';

/** How long a lost peer may take to come back. */
const GRACE_MS = 20_000;
const RECORDING_EMPTY_MS = 30_000;

const LONGEST_LIMIT_MS = 5_000_000;
const CHANGE_OF_MOOD = 0.01;
const MEDIA: MutableMedia[] = ['audio', 'video', 'screenshare'];

/** Commands that fit the meeting as it is, most of the time; the others must be refused or do nothing. */
export class RandomCommands {
  readonly #picks: RandomPicks;
  #weights = BUSY;

  constructor(
    private readonly random: Random,
    private readonly state: MeetingState,
  ) {
    this.#picks = new RandomPicks(random, state);
  }

  next(): Command {
    const { random, state } = this;
    if (random.chance(CHANGE_OF_MOOD)) this.#weights = random.chance(0.7) ? BUSY : QUIET;
    const type = random.weighted(this.#weights);
    const by = this.#picks.actor(USUALLY[type]);
    switch (type) {
      case 'Join':
        return this.#join();
      case 'Leave':
      case 'LoseConnection':
        return { type, peerId: this.#picks.peerId() };
      case 'GiveUpPeer':
        return { type, peerId: this.#picks.peerId(), graceMs: GRACE_MS };
      case 'EndIfAbandoned':
      case 'TellPeerCount':
        return { type };
      case 'KeepTime':
        return { type, limits: this.#limits() };
      case 'AcceptWaiting':
        return { type, by, participantIds: this.#picks.participantIds() };
      case 'DenyWaiting': {
        const all = random.chance(0.2);
        return {
          type,
          by: all ? BACKEND : by,
          participantIds: all ? 'everybody' : this.#picks.participantIds(),
        };
      }
      case 'KickPeers':
        return { type, by: this.#picks.actorOrBackend(by), peerIds: this.#picks.peerIds(2) };
      case 'EndSession':
        return { type, by: this.#picks.actorOrBackend(by) };
      case 'MoveOut':
        return {
          type,
          moves: random.chance(0.1)
            ? 'everybody'
            : this.#picks.participantIds().map((participantId) => ({
                participantId,
                presetId: random.chance(0.3) ? 'preset-of-the-host' : null,
              })),
          to: { meetingId: 'room', isMain: random.chance(0.5) },
        };
      case 'Relay':
        return {
          type,
          from: this.#picks.newId('elsewhere'),
          kind: 'help',
          payload: new TextEncoder().encode(random.of(PAYLOADS)),
        };
      case 'MutePeers':
        return {
          type,
          by: this.#picks.actorOrBackend(by),
          peerIds: random.chance(0.3) ? 'everybody' : this.#picks.peerIds(3),
          what: random.some(MEDIA, 3),
          forbidUnmute: random.chance(0.3),
        };
      case 'PinPeer':
        return { type, by, peerId: random.chance(0.2) ? null : this.#picks.peerId() };
      case 'ChangePermissions':
        return {
          type,
          by,
          changes: random
            .some(PARTICIPANTS, 3)
            .map((participantId) => ({ participantId, patch: random.of(PATCHES) })),
        };
      case 'RequestStage':
      case 'CancelStageRequest':
      case 'JoinStage':
      case 'JoinMedia':
      case 'LeaveMedia':
        return { type, by };
      case 'GrantStage':
      case 'DenyStage':
      case 'LeaveStage':
        return { type, by, participantIds: this.#picks.participantIds() };
      case 'CheckProduce':
        return {
          type,
          by,
          kind: random.of(['audio', 'video']),
          screenShare: random.chance(0.3),
        };
      case 'AddProducer':
        return {
          type,
          by,
          producerId: this.#picks.newId('producer'),
          kind: random.of(['audio', 'video']),
          screenShare: random.chance(0.3),
          paused: random.chance(0.2),
          appData: random.chance(0.05) ? 'null' : '{"mid":"2"}',
          mimeType: 'audio/opus',
          transportId: `send-${by}`,
        };
      case 'ToggleProducer':
        return { type, by, producerId: this.#picks.producerId(by), paused: random.chance(0.5) };
      case 'CloseProducers':
        return { type, by, producerIds: [this.#picks.producerId(by), this.#picks.producerId(by)] };
      case 'RankSpeakers':
        return { type, peerIds: this.#picks.peerIds(6) };
      case 'SendChat':
        return {
          type,
          by,
          messageId: this.#picks.newId('message'),
          payloadType: random.chance(0.9) ? 0 : random.below(5),
          payload: random.of(TEXTS),
          toPeerIds: random.chance(0.3) ? [by, ...this.#picks.peerIds(3)] : null,
        };
      case 'EditChat':
        return { type, by, messageId: this.#picks.messageId(by), payload: random.of(TEXTS) };
      case 'DeleteChat':
        return { type, by, messageId: this.#picks.messageId(by) };
      case 'PinChat':
        return { type, by, messageId: this.#picks.messageId(by), pinned: random.chance(0.6) };
      case 'CreatePoll':
        return {
          type,
          by: this.#picks.actorOrBackend(by),
          pollId: this.#picks.newId('poll'),
          question: random.of(['Lunch?', 'Lunch?', '']),
          options: ['Soup', 'Salad', 'Bread'].slice(0, 1 + random.below(3)),
          anonymous: random.chance(0.3),
          hideVotes: random.chance(0.4),
        };
      case 'VotePoll':
        return { type, by, pollId: this.#picks.pollId(), option: random.below(4) };
      case 'SetStoreItems':
        return {
          type,
          by,
          store: random.of(STORES),
          items: random.some(KEYS, 3).map((key) => ({ key, payload: random.of(PAYLOADS) })),
        };
      case 'DeleteStoreItems':
        return { type, by, store: random.of(STORES), keys: random.some(KEYS, 3) };
      case 'StartRecording':
        return {
          type,
          by: this.#picks.actorOrBackend(by),
          recording: this.#recording(),
          allowMultiple: random.chance(0.4),
        };
      case 'ControlRecording':
        return {
          type,
          by: this.#picks.actorOrBackend(by),
          recordingId: this.#picks.recordingId(),
          action: random.of(['stop', 'pause', 'resume']),
        };
      case 'FollowRecorder':
        return { type, recordingId: this.#picks.recordingId(), change: this.#changeOfRecorder() };
      case 'StopDueRecordings':
        return { type, emptyMs: RECORDING_EMPTY_MS };
      case 'StartLivestream':
        return {
          type,
          by: this.#picks.actorOrBackend(by),
          livestream: this.#livestream(),
        };
      case 'CheckLivestream':
      case 'StopLivestream':
        return { type, by: this.#picks.actorOrBackend(by) };
      case 'FollowLivestream': {
        const running = random.chance(0.9) ? state.session?.livestream?.id : undefined;
        return { type, livestreamSessionId: running ?? 'nothing', change: this.#changeOfLivestream() };
      }
      case 'StopDesertedLivestream':
        return { type, emptyMs: RECORDING_EMPTY_MS };
      case 'Transcribe': {
        const [participantId = 'nobody'] = this.#picks.participantIds();
        return { type, participantId, text: random.of(TEXTS), isPartial: random.chance(0.5) };
      }
      case 'Broadcast':
        return {
          type,
          by,
          kind: random.of(['cheer', 'spotlight', 'ID3Data', '']),
          payload: new TextEncoder().encode(random.of(PAYLOADS)),
          toPeerIds: random.chance(0.5) ? this.#picks.peerIds(3) : null,
        };
    }
  }

  /** Now and then one is passed already, or about to be. */
  #limits(): TimeLimits {
    const { random, state } = this;
    const startedAt = state.session?.startedAt ?? 0;
    const lengthMs = () => random.below(LONGEST_LIMIT_MS);
    return {
      maxSessionMs: random.chance(0.5) ? lengthMs() : null,
      endsAt: random.chance(0.3) ? startedAt + lengthMs() : null,
    };
  }

  #join(): Command {
    const { random } = this;
    const index = random.below(PARTICIPANTS.length);
    const participantId = PARTICIPANTS[index]!;
    const device = random.of(DEVICES);
    // Now and then a preset was changed since the last join, or the peer id is somebody else's.
    const preset = random.chance(0.95) ? PRESETS[index]! : random.of(PRESETS);
    const peerId = random.chance(0.97) ? `${participantId}-${device}` : this.#picks.peerId();
    const who: Identity = {
      peerId,
      participantId,
      customParticipantId: `custom-${index}`,
      displayName: random.chance(0.95) ? `Name ${index}` : 'a\0b'.repeat(200),
      picture: random.chance(0.5) ? null : 'https://example.org/picture.png',
      preset,
    };
    const recording = random.chance(0.3) ? this.#recording() : null;
    const newSession = {
      id: this.#picks.newId('session'),
      title: 'Random',
      keepAliveMs: KEEP_ALIVE_MS,
      recording,
      livestream: random.chance(0.3) ? this.#livestream() : null,
    };
    return { type: 'Join', who, newSession: random.chance(0.95) ? newSession : null };
  }

  #recording(): NewRecording {
    return {
      id: this.#picks.newId('recording'),
      type: this.random.of(['BROWSER', 'TRACK']),
      maxMs: this.random.chance(0.5) ? 60_000 : null,
      interactive: this.random.chance(0.5),
      order: {},
    };
  }

  #changeOfRecorder(): RecordingChange {
    const { random } = this;
    if (random.chance(0.6)) return { to: 'begun' };
    if (random.chance(0.3)) return { to: 'failed', error: { code: 'page_failed', message: 'No page' } };
    return { to: 'stopped', stop: { reason: 'INTERNAL_ERROR', caller: null, detail: 'recorder_lost' } };
  }

  #livestream(): NewLivestream {
    return {
      id: this.#picks.newId('livestream-session'),
      livestreamId: 'livestream',
      name: 'random',
      playbackUrl: 'https://example.org/live/index.m3u8',
      manualIngest: this.random.chance(0.2),
      order: {},
    };
  }

  #changeOfLivestream(): LivestreamChange {
    const { random } = this;
    if (random.chance(0.6)) return { to: 'live' };
    if (random.chance(0.3)) return { to: 'interrupted', lastAt: random.below(2_000_000) };
    if (random.chance(0.5)) return { to: 'stopped' };
    return { to: 'failed', error: { code: 'recorder_lost', message: 'The recorder is gone' } };
  }
}
