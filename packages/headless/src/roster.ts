import { type Frame, RoomEvent, room } from '@parley/wire';

/** The other joined peers, as the SDK's `participants.joined` keeps them. */
export class Roster extends Map<string, room.Peer> {
  constructor(private readonly selfPeerId: string) {
    super();
  }

  apply({ event, payload }: Frame): void {
    if (event === RoomEvent.getRoomPeersInfo) {
      this.clear();
      for (const peer of room.RoomPeersInfoResponse.decode(payload).peers) this.add(peer);
    } else if (event === RoomEvent.joinRoom) {
      this.add(room.PeerInfoResponse.decode(payload).peer);
    } else if (event === RoomEvent.leaveRoom) {
      this.delete(room.PeerInfoResponse.decode(payload).peer?.peerId ?? '');
    }
  }

  private add(peer: room.Peer | undefined): void {
    if (peer && peer.peerId !== this.selfPeerId && !peer.waitlisted) this.set(peer.peerId, peer);
  }
}
