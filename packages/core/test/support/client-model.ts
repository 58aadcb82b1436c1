import { answers, type MeetingState, waitingRequests } from '@parley/core';
import {
  ChatEvent,
  type chat,
  MediaEvent,
  type media,
  PollEvent,
  PresetEvent,
  type polls,
  type preset,
  RoomEvent,
  room,
  type ServerEvent,
  StoreEvent,
  toClient,
} from '@parley/wire';
import { ensure, ensureSame } from './ensure.js';

const WHOLE_LIST = { seachQuery: '', limit: 0, offset: 0 };

interface Known {
  userId: string;
  displayName: string;
  stageType: room.StageType | undefined;
}

/**
 * What one client knows: the answers to the questions that it asks when it joins, and the messages since, folded in
 * as the SDK does it. Fails where the SDK would: at news about somebody unknown, or at the same news twice.
 */
export class ClientModel {
  readonly #peers = new Map<string, Known>();
  /** With the id of the peer that sends it; null before the media join. */
  #producers: Map<string, media.ProducerState & { peerId: string }> | null = null;
  #pinned = '';
  readonly #recordings = new Map<string, string>();
  #waiting: string[] = [];
  readonly #chat = new Map<string, chat.ChatMessage>();
  readonly #deletedChat = new Set<string>();
  readonly #polls = new Map<string, polls.Poll>();
  readonly #stores = new Map<string, Map<string, string>>();

  constructor(
    private readonly peerId: string,
    private readonly state: MeetingState,
  ) {}

  /** A message of the server, with the state as it is when the message is sent. */
  receive(event: ServerEvent, payload: Uint8Array): void {
    switch (event) {
      case RoomEvent.joinRoom:
        this.#someoneJoined(toClient.decode(RoomEvent.joinRoom, payload).peer!);
        return;
      case RoomEvent.recordingStarted:
        this.#recordings.set(toClient.decode(event, payload).recordingId, 'RECORDING');
        return;
      case RoomEvent.recordingPaused: {
        const { recordingId } = toClient.decode(event, payload);
        ensure(this.#recordings.get(recordingId) === 'RECORDING', 'a pause of what does not record');
        this.#recordings.set(recordingId, 'PAUSED');
        return;
      }
      case RoomEvent.recordingStopped:
        this.#recordings.delete(toClient.decode(event, payload).recordingId);
        return;
      case RoomEvent.leaveRoom:
        this.#someoneLeft(toClient.decode(RoomEvent.leaveRoom, payload).peer!.peerId);
        return;
      case RoomEvent.peerStageStatusUpdate: {
        const { peerId, stageType } = toClient.decode(RoomEvent.peerStageStatusUpdate, payload);
        if (peerId !== this.peerId) this.#known(peerId).stageType = stageType;
        // Its client has taken the stage and the media of a livestream for one since it joined (protocol.md 10).
        else if (this.#isLivestream() && stageType !== room.StageType.ON_STAGE) this.leaveMedia();
        return;
      }
      case RoomEvent.getWaitingRoomRequests: {
        const { requests } = toClient.decode(RoomEvent.getWaitingRoomRequests, payload);
        this.#waiting = requests.map((request) => request.peerId);
        return;
      }
      case MediaEvent.globalPeerPinBroadcast: {
        const { participantId } = toClient.decode(MediaEvent.globalPeerPinBroadcast, payload);
        if (participantId !== '' && participantId !== this.peerId) this.#known(participantId);
        if (this.#producers) this.#pinned = participantId;
        return;
      }
      case MediaEvent.selectedPeerDiff: {
        const { entries } = toClient.decode(MediaEvent.selectedPeerDiff, payload);
        for (const { peerId } of entries) if (peerId !== this.peerId) this.#known(peerId);
        return;
      }
      case MediaEvent.peerJoinedBroadcast: {
        const { participant } = toClient.decode(MediaEvent.peerJoinedBroadcast, payload);
        for (const one of participant!.producerStates) this.#someoneProduces(participant!.peerId, one);
        return;
      }
      case MediaEvent.peerProducerCreateBroadcast: {
        const created = toClient.decode(MediaEvent.peerProducerCreateBroadcast, payload);
        this.#someoneProduces(created.participantId, created.producerState!);
        return;
      }
      case MediaEvent.peerProducerToggleBroadcast: {
        const toggled = toClient.decode(MediaEvent.peerProducerToggleBroadcast, payload);
        const { producerId, pause } = toggled.producerState!;
        if (toggled.participantId === this.peerId || !this.#producers) return;
        this.#knownProducer(toggled.participantId, producerId).pause = pause;
        return;
      }
      case MediaEvent.peerProducerCloseBroadcast: {
        const closed = toClient.decode(MediaEvent.peerProducerCloseBroadcast, payload);
        const { producerId } = closed.producerState!;
        if (!this.#producers) return;
        this.#knownProducer(closed.participantId, producerId);
        this.#producers.delete(producerId);
        return;
      }
      case ChatEvent.sendMessageToRoom:
      case ChatEvent.sendMessageToPeers: {
        const message = toClient.decode(event, payload).message!;
        ensure(!this.#chat.has(message.chatId), 'the same chat message twice');
        this.#chat.set(message.chatId, message);
        return;
      }
      case ChatEvent.editMessage:
      case ChatEvent.pinMessage: {
        const message = toClient.decode(event, payload).message!;
        if (this.#chat.has(message.chatId)) this.#chat.set(message.chatId, message);
        return;
      }
      case ChatEvent.deleteMessage: {
        const { chatId } = toClient.decode(ChatEvent.deleteMessage, payload);
        this.#chat.delete(chatId);
        this.#deletedChat.add(chatId);
        return;
      }
      case PollEvent.createPoll:
      case PollEvent.votePoll: {
        const poll = toClient.decode(event, payload).poll!;
        this.#polls.set(poll.pollId, poll);
        return;
      }
      case StoreEvent.storeInsertKeys:
      case StoreEvent.storeDeleteKeys: {
        const { storeName, storeItems } = toClient.decode(event, payload);
        const store = this.#stores.get(storeName) ?? new Map<string, string>();
        this.#stores.set(storeName, store);
        for (const { storeKey, payload: value } of storeItems) {
          if (event === StoreEvent.storeDeleteKeys) store.delete(storeKey);
          else store.set(storeKey, new TextDecoder().decode(value));
        }
        return;
      }
      case PresetEvent.updateUserPreset: {
        const { updatePeersPresets } = toClient.decode(PresetEvent.updateUserPreset, payload);
        for (const { patch } of updatePeersPresets) if (patch) this.#permissionsChanged(patch);
      }
    }
  }

  /** What a client asks after the answer to its join, the first one or one after a lost connection. */
  enter(): void {
    this.#recordings.clear();
    for (const [id, status] of this.#currentRecordings()) this.#recordings.set(id, status);
    this.#producers = null;
    this.#peers.clear();
    for (const peer of answers.roomPeers(this.state, this.peerId, WHOLE_LIST).peers) {
      if (peer.peerId !== this.peerId) this.#peers.set(peer.peerId, known(peer));
    }
    this.#chat.clear();
    for (const message of this.#history()) this.#chat.set(message.chatId, message);
    this.#askPolls();
    this.#stores.clear();
    for (const [name, items] of this.#currentStores()) this.#stores.set(name, items);
    this.#waiting = this.#currentWaiting();
  }

  /** The answer to the completed media join. */
  enterMedia(): void {
    const { participants, roomState } = answers.mediaState(this.state.session!, this.#self());
    this.#producers = new Map();
    this.#pinned = roomState?.pinnedPeerIds[0] ?? '';
    for (const { peerId, producerStates } of participants) {
      for (const one of producerStates) this.#someoneProduces(peerId, one);
    }
  }

  leaveMedia(): void {
    this.#producers = null;
  }

  /** Fails unless the client knows what a newcomer in its place would be told. */
  check(): void {
    const others = answers
      .roomPeers(this.state, this.peerId, WHOLE_LIST)
      .peers.filter((peer) => peer.peerId !== this.peerId);
    ensureSame(this.#peers, new Map(others.map((peer) => [peer.peerId, known(peer)])), 'peers');
    ensureSame(this.#waiting, this.#currentWaiting(), 'waiting list');
    ensureSame(this.#polls, this.#currentPolls(), 'polls');
    ensureSame(filled(this.#stores), filled(this.#currentStores()), 'stores');
    ensureSame(underWay(this.#recordings), underWay(this.#currentRecordings()), 'recordings');
    this.#checkChat();
    this.#checkMedia();
  }

  #currentRecordings(): Map<string, string> {
    const { room } = answers.roomInfo(this.state);
    return new Map(room!.activeRecordings.map((one) => [one.recordingId, one.recordingStatus]));
  }

  #checkMedia(): void {
    if (!this.#producers) return;
    const { participants, roomState } = answers.mediaState(this.state.session!, this.#self());
    const current = participants.flatMap(({ peerId, producerStates }) =>
      producerStates.map((one) => [one.producerId, { ...one, peerId }] as const),
    );
    ensureSame(this.#producers, new Map(current), 'producers');
    ensureSame(this.#pinned, roomState?.pinnedPeerIds[0] ?? '', 'pinned');
  }

  /** A private message is sent to devices and kept for people, so another device knows it from the history only. */
  #checkChat(): void {
    for (const message of this.#history()) {
      const mine = this.#chat.get(message.chatId);
      if (mine || message.targetUserIds.length === 0) ensureSame(mine, message, 'a chat message');
      ensure(!this.#deletedChat.has(message.chatId), 'a deleted chat message');
    }
  }

  #someoneJoined(peer: room.Peer): void {
    if (peer.waitlisted) return;
    if (peer.peerId === this.peerId) {
      this.enter();
      return;
    }
    ensure(!this.#peers.has(peer.peerId), `${peer.peerId} announced twice`);
    ensure(!peer.flags?.hiddenParticipant && peer.flags?.recorderType === 'NONE', 'a hidden peer');
    this.#peers.set(peer.peerId, known(peer));
    this.#waiting = this.#waiting.filter((peerId) => peerId !== peer.peerId);
  }

  #someoneLeft(peerId: string): void {
    this.#known(peerId);
    this.#peers.delete(peerId);
    if (this.#pinned === peerId) this.#pinned = '';
    for (const producer of this.#producers?.values() ?? []) {
      if (producer.peerId === peerId) this.#producers?.delete(producer.producerId);
    }
  }

  #someoneProduces(peerId: string, producer: media.ProducerState): void {
    this.#known(peerId);
    if (!this.#producers) return;
    ensure(!this.#producers.has(producer.producerId), 'the same producer twice');
    this.#producers.set(producer.producerId, { ...producer, peerId });
  }

  #permissionsChanged({ polls, acceptWaitingRequests }: preset.PresetUpdates): void {
    if (polls) {
      // Missing, it would mean to the SDK that polls may not be viewed any more (protocol.md 15).
      ensure(polls.canView !== undefined, 'a patch of polls without canView');
      this.#askPolls();
    }
    if (acceptWaitingRequests !== undefined) this.#waiting = this.#currentWaiting();
  }

  #askPolls(): void {
    this.#polls.clear();
    for (const [pollId, poll] of this.#currentPolls()) this.#polls.set(pollId, poll);
  }

  #known(peerId: string): Known {
    const peer = this.#peers.get(peerId);
    if (!peer) throw new Error(`${this.peerId} is told of ${peerId}, whom it does not know.`);
    return peer;
  }

  #knownProducer(peerId: string, producerId: string): { pause: boolean } {
    const producer = this.#producers?.get(producerId);
    if (producer?.peerId !== peerId) throw new Error(`${this.peerId} does not know ${producerId}.`);
    return producer;
  }

  #isLivestream(): boolean {
    return this.#self().preset.viewType === 'LIVESTREAM';
  }

  #self() {
    return this.state.session!.peers.get(this.peerId)!;
  }

  #history(): chat.ChatMessage[] {
    return answers.chatHistory(this.state.session!, this.#self()).messages;
  }

  #currentPolls(): Map<string, polls.Poll> {
    const { polls } = answers.pollList(this.state.session!, this.#self());
    return new Map(polls.map((poll) => [poll.pollId, poll]));
  }

  #currentWaiting(): string[] {
    if (!this.#self().permissions.accept_waiting_requests) return [];
    return waitingRequests(this.state).requests.map((request) => request.peerId);
  }

  #currentStores(): Map<string, Map<string, string>> {
    const names = [...this.state.session!.stores.keys()];
    return new Map(
      names.map((storeName) => {
        const query = { pluginId: '', storeName, getKeys: [] };
        const { storeItems } = answers.storeItems(this.state, query);
        return [
          storeName,
          new Map(storeItems.map((item) => [item.storeKey, new TextDecoder().decode(item.payload)])),
        ];
      }),
    );
  }
}

/** A client keeps an emptied store, and the server does not. */
const filled = (stores: Map<string, Map<string, string>>) =>
  new Map([...stores].filter(([, items]) => items.size > 0));

const known = ({ userId, displayName, stageType }: room.Peer): Known => ({ userId, displayName, stageType });

/** A recording that has not begun is known to who has started it and to who came later, and told to nobody. */
const underWay = (recordings: Map<string, string>): Map<string, string> =>
  new Map([...recordings].filter(([, status]) => status !== 'STARTING'));
