import { ChatEvent, MediaEvent, PollEvent, PresetEvent, RoomEvent, StoreEvent } from '@parley/wire';

/** A bucket of `burst` requests that fills again at `perSecond`. */
interface Limit {
  burst: number;
  perSecond: number;
}

/** Everything that one socket may send. An honest client in a big meeting stays far below. */
const ALL_REQUESTS: Limit = { burst: 400, perSecond: 100 };

const perMinute = (count: number): Limit => ({ burst: count, perSecond: count / 60 });

const CHAT = perMinute(220);
const CHAT_CHANGES = perMinute(120);
const WRITES: Limit = { burst: 20, perSecond: 10 };
const POLLS = perMinute(120);
/** Asked once in each join; the answer may have megabytes, and its cost must stay the asking peer's problem. */
const WHOLE_LISTS: Limit = { burst: 5, perSecond: 0.2 };

/** Limits per kind of request, each at or above the SDK's own (features.md S41), which a server must not undercut. */
const BY_EVENT = new Map<number, Limit>([
  [ChatEvent.getMessages, WHOLE_LISTS],
  [PollEvent.getPolls, WHOLE_LISTS],
  [RoomEvent.getRoomPeersInfo, { burst: 30, perSecond: 2 }],
  [StoreEvent.storeGetKeys, { burst: 120, perSecond: 5 }],
  [ChatEvent.sendMessageToRoom, CHAT],
  [ChatEvent.sendMessageToPeers, CHAT],
  [ChatEvent.editMessage, CHAT_CHANGES],
  [ChatEvent.deleteMessage, CHAT_CHANGES],
  [ChatEvent.pinMessage, CHAT_CHANGES],
  [ChatEvent.getPaginatedMessages, { burst: 30, perSecond: 10 }],
  [ChatEvent.searchChannelMessages, { burst: 10, perSecond: 2 }],
  [RoomEvent.broadcastMessage, WRITES],
  [RoomEvent.broadcastToEntity, WRITES],
  [StoreEvent.storeInsertKeys, WRITES],
  [StoreEvent.storeDeleteKeys, WRITES],
  [PollEvent.createPoll, POLLS],
  [PollEvent.votePoll, POLLS],
  [PresetEvent.updateUserPreset, perMinute(1000)],
  [RoomEvent.getConnectedRoomsDump, perMinute(70)],
  [RoomEvent.createConnectedRooms, perMinute(30)],
  [RoomEvent.deleteConnectedRooms, perMinute(60)],
  // The kit sends one for each pair of meetings between which it moves people.
  [RoomEvent.movePeers, perMinute(240)],
  [RoomEvent.joinRoom, { burst: 10, perSecond: 1 }],
  // The guidance to apps is one in five seconds (G12); nobody is kept from leaving.
  [RoomEvent.joinStage, { burst: 6, perSecond: 0.2 }],
  [MediaEvent.createWebRTCTransport, { burst: 20, perSecond: 2 }],
]);

class Bucket {
  #tokens: number;
  #filledAt: number;

  constructor(
    private readonly limit: Limit,
    now: number,
  ) {
    this.#tokens = limit.burst;
    this.#filledAt = now;
  }

  take(now: number): boolean {
    const gained = ((now - this.#filledAt) / 1000) * this.limit.perSecond;
    this.#tokens = Math.min(this.limit.burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** The limits of one socket. Buckets of single kinds are made when first needed. */
export class RequestLimits {
  readonly #all: Bucket;
  readonly #byEvent = new Map<number, Bucket>();

  constructor(now: number) {
    this.#all = new Bucket(ALL_REQUESTS, now);
  }

  /** False when the request is one too many. `now` is in milliseconds and never goes back. */
  allows(event: number, now: number): boolean {
    if (!this.#all.take(now)) return false;
    const limit = BY_EVENT.get(event);
    if (!limit) return true;
    let bucket = this.#byEvent.get(event);
    if (!bucket) {
      bucket = new Bucket(limit, now);
      this.#byEvent.set(event, bucket);
    }
    return bucket.take(now);
  }
}
