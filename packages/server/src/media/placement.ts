/** A room as far as its place matters. */
export interface PlacedRoom {
  /** Workers that died under it within the memory of the pool. */
  crashes: number;
}

export interface Place<R extends PlacedRoom> {
  rooms: ReadonlySet<R>;
}

/** A room that saw this many workers die gets one of its own, so that it takes no other room along again. */
export const CRASHES_BEFORE_ISOLATION = 2;

/** How much more a room counts that may have brought a worker down. */
const SUSPECT_WEIGHT = 4;

/**
 * The worker for a room: the one with the least to lose. Rooms of a worker that died avoid each other first,
 * because one of them may have caused it, and others avoid them.
 */
export function choosePlace<R extends PlacedRoom, P extends Place<R>>(
  room: R,
  places: readonly P[],
): P | undefined {
  let best: P | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const cost = costOf(room, place);
    if (cost < bestCost) {
      best = place;
      bestCost = cost;
    }
  }
  return best;
}

function costOf<R extends PlacedRoom>(room: R, place: Place<R>): number {
  let suspects = 0;
  for (const other of place.rooms) if (other.crashes > 0) suspects += 1;
  const clean = place.rooms.size - suspects;
  // For a suspect, company of its own kind outweighs any load.
  return room.crashes > 0 ? suspects * 1_000 + clean : clean + suspects * SUSPECT_WEIGHT;
}
