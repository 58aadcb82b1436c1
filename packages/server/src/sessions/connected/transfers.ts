import { CloseCode, encodeFrame, RoomEvent, toClient } from '@parley/wire';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../../database/tables.js';
import type { MeetingId, ParticipantId } from '../../ids.js';
import type { ParticipantTokens } from '../../tokens/participant-tokens.js';
import type { MeetingHost } from '../meeting-host.js';
import { placesOf } from './places.js';

interface Due {
  host: MeetingHost;
  peerId: string;
  participantId: ParticipantId;
}

/** Where somebody belongs, and the message that sends his client there. */
export interface Transfer {
  meetingId: MeetingId;
  frame: Uint8Array;
}

/** Tells clients that they were moved: message 24 with a token for the other meeting (features.md S43, B05). */
export class Transfers {
  #due: Due[] = [];

  constructor(
    private readonly db: Kysely<Database>,
    private readonly log: Logger,
    private readonly tokens: Pick<ParticipantTokens, 'mint'>,
  ) {}

  /**
   * Later in this turn, so that whoever asked for the move and is moved himself has his answer first: his client stops
   * listening when it goes.
   */
  send(due: Due): void {
    this.#due.push(due);
    if (this.#due.length === 1) setImmediate(() => void this.#sendAll(this.#due.splice(0)));
  }

  /** Where the participants belong who were moved in a session that goes on. */
  async of(participantIds: readonly ParticipantId[]): Promise<Map<ParticipantId, Transfer>> {
    const places = await placesOf(this.db, [...new Set(participantIds)]);
    const transfers = places.map(async (place): Promise<[ParticipantId, Transfer]> => {
      const { meetingId, participantId } = place;
      const authToken = await this.tokens.mint(place);
      const payload = toClient.encode(RoomEvent.transferPeer, { meetingId, authToken });
      return [participantId, { meetingId, frame: encodeFrame(RoomEvent.transferPeer, payload) }];
    });
    return new Map(await Promise.all(transfers));
  }

  async #sendAll(due: Due[]): Promise<void> {
    try {
      const transfers = await this.of(due.map((one) => one.participantId));
      for (const { host, peerId, participantId } of due) {
        const transfer = transfers.get(participantId);
        const connection = host.connections.get(peerId);
        if (transfer) connection?.transfer(transfer.frame);
        // The session that he was moved in has ended in this moment, and with it the other meeting.
        else if (connection) host.dismiss([connection.peerId], RoomEvent.kickAll);
      }
    } catch (error) {
      // They come back at once, and are told at the door.
      this.log.error({ err: error }, 'Moved people could not be told where to go');
      for (const { host, peerId } of due) {
        host.connections.get(peerId)?.close(CloseCode.serviceRestart, 'moved to another meeting');
      }
    }
  }
}
