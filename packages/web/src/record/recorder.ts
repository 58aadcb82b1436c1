import type RealtimeKitClient from '@cloudflare/realtimekit';

/** A name that the recorder's browser leads to its recorder, wherever that listens (features.md RC39). */
const RECORDER_SOCKET = 'ws://localhost:8080/ws';

interface RecordedWindow extends Window {
  /** False once the recording is to stop. */
  triggerRealtimeKitRecording?: boolean;
  realtimeKitRecording?: { getMeeting(): RealtimeKitClient };
}

/**
 * The recorder of this page, by the same contract that `@cloudflare/realtimekit-recording-sdk` keeps for recording apps
 * of others (features.md RC38). The package itself is not used here: the version that is published enters a meeting by
 * a call that clients have not had since 2.0 (features.md L17).
 */
export class Recorder {
  private constructor(private readonly socket: WebSocket) {}

  /** Rejects where there is no recorder, as in anybody's browser. */
  static connect(): Promise<Recorder> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(RECORDER_SOCKET);
      socket.onopen = () => resolve(new Recorder(socket));
      socket.onerror = () => reject(new Error('There is no recorder.'));
    });
  }

  /** Lets the recorder see whether the meeting is there, and stops with the meeting. */
  watch(meeting: RealtimeKitClient, window: RecordedWindow): void {
    window.triggerRealtimeKitRecording = true;
    window.realtimeKitRecording = { getMeeting: () => meeting };
    meeting.self.on('roomLeft', ({ state }) => {
      if (state === 'ended' || state === 'kicked') window.triggerRealtimeKitRecording = false;
    });
  }

  start(): void {
    this.socket.send(JSON.stringify({ type: 'StartRecording' }));
  }
}
