/**
 * Evaluated in the recorded page again and again; reads what the recording SDK and the meeting's client show, and
 * changes nothing of either.
 */

export interface PageState {
  /** False once the recording SDK asks to stop; undefined where the page has not made it yet (features.md RC38). */
  wantsRecording?: boolean;
  /** Whether the meeting's socket is connected; undefined while there is no meeting. */
  isConnected?: boolean;
  /** Whether anybody who takes part can be heard at this moment. */
  hearsSound: boolean;
}

interface Track {
  audioTrack?: MediaStreamTrack;
  screenShareTracks?: { audio?: MediaStreamTrack };
}

interface RecordedWindow extends Window {
  triggerRealtimeKitRecording?: boolean;
  triggerDyteRecording?: boolean;
  realtimeKitRecording?: { getMeeting(): RecordedMeeting };
  recorderEars?: { context: AudioContext; byTrack: WeakMap<MediaStreamTrack, AnalyserNode> };
}

interface RecordedMeeting {
  meta: { socketState?: { state: string } };
  participants: { joined: { toArray(): Track[] } };
}

/** Everything that it needs stands inside, because only its text reaches the page. */
export function readPageState(listen: boolean): PageState {
  const recorded = window as unknown as RecordedWindow;
  const wantsRecording = recorded.triggerRealtimeKitRecording ?? recorded.triggerDyteRecording;
  const meeting = recorded.realtimeKitRecording?.getMeeting();
  const socketState = meeting?.meta.socketState?.state;
  const isConnected = socketState === undefined ? undefined : socketState === 'connected';

  const audibleLevel = 0.01;
  const peakOf = (track: MediaStreamTrack): number => {
    recorded.recorderEars ??= { context: new AudioContext(), byTrack: new WeakMap() };
    const { context, byTrack } = recorded.recorderEars;
    let ear = byTrack.get(track);
    if (!ear) {
      ear = new AnalyserNode(context, { fftSize: 32_768 });
      context.createMediaStreamSource(new MediaStream([track])).connect(ear);
      byTrack.set(track, ear);
    }
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  };
  const participants = listen ? (meeting?.participants.joined.toArray() ?? []) : [];
  const tracks = participants.flatMap(({ audioTrack, screenShareTracks }) =>
    [audioTrack, screenShareTracks?.audio].filter((track) => track?.readyState === 'live' && track.enabled),
  );
  const hearsSound = tracks.some((track) => track && peakOf(track) > audibleLevel);
  if (!listen && recorded.recorderEars) {
    void recorded.recorderEars.context.close();
    delete recorded.recorderEars;
  }
  return { wantsRecording, isConnected, hearsSound };
}
