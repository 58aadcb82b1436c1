import RealtimeKitClient from '@cloudflare/realtimekit';
import { defineCustomElements } from '@cloudflare/realtimekit-ui/loader';
import { ownDefaultConfig, useLocalFont } from '../kit/theme.js';
import { configWithAddOns } from './add-ons.js';

/**
 * Shows the kit's `rtk-meeting` over the whole page and gives it the meeting. All screens are the kit's: it
 * listens for the SDK's failures by itself, so a refused token ends on its failure screen.
 */
export async function openMeeting(authToken: string, baseURI: string): Promise<void> {
  defineCustomElements(window);
  const screen = document.createElement('rtk-meeting');
  screen.config = ownDefaultConfig();
  screen.showSetupScreen = true;
  document.body.replaceChildren(screen);
  await customElements.whenDefined('rtk-meeting');

  try {
    const meeting = await RealtimeKitClient.init({
      authToken,
      baseURI,
      defaults: { audio: true, video: true },
    });
    show(meeting, screen);
  } catch (failure) {
    // The kit's failure screen shows it to the person; this line is for whoever opens the console.
    console.error('The meeting could not be opened.', failure);
  }
}

function show(meeting: RealtimeKitClient, screen: HTMLRtkMeetingElement): void {
  document.title = meeting.meta.meetingTitle || document.title;
  useLocalFont(meeting);
  const addAddOns = async () => {
    screen.config = await configWithAddOns(meeting);
  };
  meeting.self.once('roomJoined', addAddOns);
  // A move to a connected meeting comes with a new client, which takes the place of the old one and has joined already.
  meeting.connectedMeetings.once('meetingChanged', (next) => show(next, screen));
  screen.meeting = meeting;
  if (meeting.self.roomJoined) void addAddOns();
}
