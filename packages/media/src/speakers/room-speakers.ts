import type { EngineLibrary } from '../engine/medooze.js';
import type { Producer } from '../engine/producer.js';
import { SpeakerWatch } from './speaker-watch.js';

interface Room {
  watch: SpeakerWatch;
  microphones: Set<Producer>;
}

/** One watch per room with a microphone in it. */
export class RoomSpeakers {
  readonly #rooms = new Map<string, Room>();

  constructor(
    private readonly library: EngineLibrary,
    private readonly onOrder: (roomId: string, peerIds: string[]) => void,
  ) {}

  /** Sound of a shared screen makes nobody a speaker. */
  add(producer: Producer): void {
    if (producer.kind !== 'audio' || producer.screenShare) return;
    const room = this.#rooms.get(producer.roomId) ?? this.#open(producer.roomId);
    room.microphones.add(producer);
    room.watch.add(producer);
  }

  /** Call when the producer closes. */
  remove(producer: Producer): void {
    const room = this.#rooms.get(producer.roomId);
    if (!room?.microphones.delete(producer)) return;
    room.watch.remove(producer);
    if (room.microphones.size > 0) return;
    room.watch.close();
    this.#rooms.delete(producer.roomId);
  }

  #open(roomId: string): Room {
    const watch = new SpeakerWatch(this.library, (peerIds) => this.onOrder(roomId, peerIds));
    const room = { watch, microphones: new Set<Producer>() };
    this.#rooms.set(roomId, room);
    return room;
  }
}
