import type RealtimeKitClient from '@cloudflare/realtimekit';
import { registerAddons, type UIConfig } from '@cloudflare/realtimekit-ui';
import CameraHostControl from '@cloudflare/realtimekit-ui-addons/camera-host-control';
import ChatHostControl from '@cloudflare/realtimekit-ui-addons/chat-host-control';
import HandRaise from '@cloudflare/realtimekit-ui-addons/hand-raise';
import MicHostControl from '@cloudflare/realtimekit-ui-addons/mic-host-control';
import Reactions from '@cloudflare/realtimekit-ui-addons/reactions-manager';
import VideoBackground from '@cloudflare/realtimekit-ui-addons/video-background';
import { BACKGROUNDS } from './backgrounds.js';

/**
 * The host controls work on preset names. Webinar viewers are left out, because the add-on would show a
 * microphone button as allowed to people whose preset does not allow one.
 */
const HOST_PRESETS = ['group_call_host'];
const TARGET_PRESETS = ['group_call_participant'];

type AddOn = Parameters<typeof registerAddons>[0][number];

/** The SDK waits three seconds for a store, which a page may spend on drawing the first pictures of many people. */
const ATTEMPTS = 3;

/**
 * The kit's configuration with hand raise, reactions, host controls and video backgrounds in it. All but the last keep
 * their state in a store of the meeting; one that cannot open its store is left out, and the meeting goes on without it.
 */
export async function configWithAddOns(meeting: RealtimeKitClient): Promise<UIConfig> {
  const { permissions } = meeting.self;
  const hostControl = {
    meeting,
    hostPresets: HOST_PRESETS,
    targetPresets: TARGET_PRESETS,
    addActionInParticipantMenu: true,
  };
  const starts: (() => Promise<unknown>)[] = [
    () => HandRaise.init({ meeting, canRaiseHand: true, canManageRaisedHand: permissions.kickParticipant }),
    () => Reactions.init({ meeting, canSendReactions: true }),
    () => MicHostControl.init(hostControl),
    () => CameraHostControl.init(hostControl),
    () => ChatHostControl.init(hostControl),
  ];
  if (permissions.canProduceVideo !== 'NOT_ALLOWED') {
    starts.push(() => VideoBackground.init({ meeting, modes: ['blur', 'virtual'], images: BACKGROUNDS }));
  }
  const started = await Promise.allSettled(starts.map(withPatience));
  const addOns = started.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
  return withRoomOnTelephones(registerAddons(addOns as AddOn[], meeting));
}

/** The add-ons' buttons keep their labels on a telephone, where the last one would stand half outside. */
function withRoomOnTelephones(config: UIConfig): UIConfig {
  const { 'rtk-controlbar.sm': bar, 'div#controlbar-mobile': buttons, ...styles } = config.styles ?? {};
  return {
    ...config,
    styles: {
      ...styles,
      'rtk-controlbar.sm': { ...bar, padding: '8px 0' },
      'div#controlbar-mobile': { ...buttons, gap: '0' },
    },
  };
}

async function withPatience<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (failure) {
      if (attempt === ATTEMPTS) throw failure;
    }
  }
}
