import type { ParticipantId, PeerId } from '../ids.js';

/** A peer's socket as its meeting sees it; `edge/` implements it. */
export interface PeerConnection {
  readonly peerId: PeerId;
  readonly participantId: ParticipantId;
  /** Sends or, when the receiver is too slow to take it, drops the connection; never waits. */
  send(frame: Uint8Array): void;
  /** As `send`, but for the time in which the peer's client takes tracks up: news about the tracks of others. */
  tellOfTrack(frame: Uint8Array): void;
  /** The client takes tracks up, until `releaseTrackNews`. */
  keepTrackNews(): void;
  releaseTrackNews(): void;
  /** After what was sent before. Idempotent. */
  close(code: number, reason: string): void;
  /** Closes the socket of a peer that has been told to go, and watches whether its client takes note. */
  dismiss(): void;
  /** Tells the peer to go to another meeting; its client closes the socket when it goes. */
  transfer(frame: Uint8Array): void;
}
