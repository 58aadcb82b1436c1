import type { HeadlessPeer, HeadlessPeerOptions } from '@parley/headless';
import { RoomEvent, type room, toClient } from '@parley/wire';
import type { TestParticipant } from '../support/backend.js';
import type { SessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

type Options = Omit<Partial<HeadlessPeerOptions>, 'token'>;

/** Somebody whose client goes where it is sent, as the official one does: with a new peer for each meeting. */
export class Person {
  /** Every meeting that the client was sent to, in order. */
  readonly journey: string[] = [];
  #joining: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly stage: SessionStage,
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
    return new Person(stage, participant, options, await stage.enterAgain(participant, options));
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
    await until(`${this.options.displayName ?? this.id} in ${meetingId}`, () => {
      return this.peer.meetingId === meetingId && this.peer.state === 'joined';
    });
    await this.#joining;
  }

  #follow(): void {
    const { peer } = this;
    peer.on('frame', (frame) => {
      if (frame.event !== RoomEvent.transferPeer || peer !== this.peer) return;
      const { authToken, meetingId } = toClient.decode(RoomEvent.transferPeer, frame.payload);
      this.journey.push(meetingId!);
      this.peer = this.stage.peer({ token: authToken! }, this.options);
      this.#follow();
      const next = this.peer;
      this.#joining = next.connect().then(() => next.join());
    });
  }
}
