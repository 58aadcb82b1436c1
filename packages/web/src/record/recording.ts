import RealtimeKitClient from '@cloudflare/realtimekit';
import { RealtimeKitRecording } from '@cloudflare/realtimekit-recording-sdk';
import { defineCustomElements } from '@cloudflare/realtimekit-ui/loader';
import { ownDefaultConfig, useLocalFont } from '../kit/theme.js';

/**
 * Shows the kit's grid over the whole page, plays what there is to hear, and starts the recording. The grid chooses
 * its layout by itself: stage, screen shares and pins (features.md RC34).
 */
export async function showRecording(authToken: string, baseURI: string): Promise<void> {
  // The server ends a recording when its session is empty for long enough, so the page need not.
  const recording = new RealtimeKitRecording({ autoStop: false });
  defineCustomElements(window);
  const meeting = await RealtimeKitClient.init({
    authToken,
    baseURI,
    defaults: { audio: false, video: false },
  });
  useLocalFont(meeting);
  showGrid(meeting);
  keepOfflineCardAway(meeting);
  await recording.init(asOlderClient(meeting));
}

/**
 * The recording SDK that the registry has, 0.0.1, was made for clients before 2.0 and enters the meeting by their
 * name for `join` (features.md L17). It is given what it uses of one.
 */
function asOlderClient(meeting: RealtimeKitClient): RealtimeKitClient {
  const { self, participants, meta, __internals__ } = meeting;
  const joinRoom = () => meeting.join();
  return { self, participants, meta, __internals__, joinRoom } as unknown as RealtimeKitClient;
}

function showGrid(meeting: RealtimeKitClient): void {
  const screen = document.createElement('rtk-ui-provider');
  screen.config = ownDefaultConfig();
  // The provider would else enter the meeting by itself, before the recorder is ready.
  screen.showSetupScreen = true;
  screen.meeting = meeting;
  screen.append(document.createElement('rtk-participants-audio'), document.createElement('rtk-grid'));
  document.body.append(screen);
}

/**
 * While the session is out of reach the kit's grid would say so to the viewers of the recording, who were in the
 * meeting all the time. The picture is empty instead, and the recorder lists the gap. A client that has given up is
 * started anew.
 */
function keepOfflineCardAway(meeting: RealtimeKitClient): void {
  const isThere = (there: boolean) => document.body.classList.toggle('without-session', !there);
  meeting.self.on('roomLeft', () => isThere(false));
  meeting.self.on('roomJoined', () => isThere(true));
  meeting.meta.on('socketConnectionUpdate', ({ state }) => {
    if (state === 'failed') window.location.reload();
  });
}
