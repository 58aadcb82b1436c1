import type { HeadlessPeer, HeadlessPeerOptions } from '@parley/headless';
import { RoomEvent, type room, toClient } from '@parley/wire';
import type { TestParticipant } from '../support/backend.js';
import type { SessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const RETRY_MS = 100;

type Options = Omit<Partial<HeadlessPeerOptions>, 'token'>;

/** Somebody whose client goes where it is sent, as the official one does: with a new peer for each meeting. */
export class Person {
  /** Every meeting that the client was sent to, in order. */
  readonly journey: string[] = [];

  private constructor(
    private readonly stage: SessionStage,
    readonly name: string,
    readonly participant: TestParticipant,
    private readonly options: Options,
    public peer: HeadlessPeer,
  ) {
    this.#follow();
  }

  static async enter(
    stage: SessionStage,
    meetingId: string,
    name: string,
    preset?: string,
    options: Options = {},
  ): Promise<Person> {
    const participant = await stage.invite(meetingId, name, preset);
    return new Person(stage, name, participant, options, await stage.enterAgain(participant, options));
  }

  get id(): string {
    return this.participant.id;
  }

  /** Asks for the meetings and who is in them. */
  rooms(): Promise<room.GetConnectedRoomsDumpResponse> {
    return this.peer.request(RoomEvent.getConnectedRoomsDump);
  }

  async createRooms(...titles: string[]): Promise<string[]> {
    const { payloads } = await this.peer.request(RoomEvent.createConnectedRooms, {
      payloads: titles.map((title) => ({ title })),
    });
    return payloads.map(({ id }) => id!);
  }

  async deleteRooms(...ids: string[]): Promise<room.DisableConnectedRoomPayload[]> {
    const request = { payloads: ids.map((id) => ({ id })) };
    return (await this.peer.request(RoomEvent.deleteConnectedRooms, request)).payloads;
  }

  /** Resolves with the answer; the people are on the way then. */
  async move(from: string, to: string, ...participants: (Person | { id: string; presetId: string })[]) {
    await this.peer.request(RoomEvent.movePeers, {
      sourceMeetingId: from,
      destinationMeetingId: to,
      participants: participants.map((one) => ({
        id: one.id,
        presetId: one instanceof Person ? undefined : one.presetId,
      })),
    });
  }

  /** Resolves when the client has joined in that meeting. */
  async isIn(meetingId: string): Promise<void> {
    const isThere = () => this.peer.meetingId === meetingId && this.peer.state === 'joined';
    await until(`${this.name} in ${meetingId}`, isThere);
  }

  #follow(): void {
    const { peer } = this;
    peer.on('frame', (frame) => {
      if (frame.event !== RoomEvent.transferPeer || peer !== this.peer) return;
      const { authToken, meetingId } = toClient.decode(RoomEvent.transferPeer, frame.payload);
      this.journey.push(meetingId!);
      this.#go(authToken!);
    });
  }

  /** Tries again while the server cannot be reached, as the SDK does. */
  #go(token: string): void {
    const next = this.stage.peer({ token }, this.options);
    this.peer = next;
    this.#follow();
    const isHere = next.connect().then(() => next.join());
    isHere.catch(() => {
      if (this.peer === next && next.state !== 'ended') setTimeout(() => this.#go(token), RETRY_MS);
    });
  }
}
