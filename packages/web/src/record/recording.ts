import RealtimeKitClient from '@cloudflare/realtimekit';
import { ownDefaultConfig, useLocalFont } from '../kit/theme.js';
import { Recorder } from './recorder.js';

/**
 * Shows the kit's grid over the whole page, plays what there is to hear, and starts the recording. The grid chooses
 * its layout by itself: stage, screen shares and pins (features.md RC34). The server ends a recording when its session is
 * empty for long enough, so the page need not.
 */
export async function showRecording(authToken: string, baseURI: string): Promise<void> {
  const [recorder, meeting] = await Promise.all([
    Recorder.connect(),
    RealtimeKitClient.init({ authToken, baseURI, defaults: { audio: false, video: false } }),
  ]);
  useLocalFont(meeting);
  showGrid(meeting);
  keepOfflineCardAway(meeting);
  recorder.watch(meeting, window);
  await meeting.join();
  recorder.start();
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
