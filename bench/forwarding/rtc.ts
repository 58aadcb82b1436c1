import nodeDataChannel, { type PeerConnection, type RtcConfig, type Track } from 'node-datachannel';

const CONNECT_LIMIT_MS = 20_000;

/** A connection of a client of the bench. */
export function newConnection(bindAddress: string, config: Partial<RtcConfig> = {}): PeerConnection {
  return new nodeDataChannel.PeerConnection('bench', {
    iceServers: [],
    bindAddress,
    // The library checks the fingerprint before it has stored it when the answer comes fast.
    disableFingerprintVerification: true,
    ...config,
  });
}

/** The local description with all candidates. */
export function gathered(connection: PeerConnection): Promise<string> {
  return new Promise((resolve) => {
    const check = () => {
      if (connection.gatheringState() === 'complete') resolve(connection.localDescription()!.sdp);
    };
    connection.onGatheringStateChange(check);
    check();
  });
}

/** Resolves when packets can be sent and received on the track. */
export function opened(connection: PeerConnection, track: Track): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The connection is ${connection.state()}.`)),
      CONNECT_LIMIT_MS,
    );
    const succeed = () => {
      clearTimeout(timer);
      resolve();
    };
    track.onOpen(succeed);
    if (track.isOpen()) succeed();
  });
}

export function isRtp(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return type < 192 || type > 223;
}
