import type { HeadlessPeer } from '@parley/headless';
import { ChatEvent, RoomEvent } from '@parley/wire';
import { expect } from 'vitest';
import { until } from '../support/until.js';

/**
 * Waits until a peer that came back has its place in the session and is heard there. Its state may still be
 * `joining`: the media of a session that was taken up from the log is joined some seconds later (protocol.md 6.10).
 */
export async function isBackIn(peer: HeadlessPeer, sessionId: string): Promise<void> {
  await until('the peer has joined again', () => ['joining', 'joined'].includes(peer.state));
  const { room } = await peer.request(RoomEvent.getRoomInfo);
  expect(room?.roomUuid).toBe(sessionId);
  const heard = peer.next(ChatEvent.sendMessageToRoom, ({ message }) => message?.peerId === peer.peerId);
  peer.chat('here again');
  await heard;
}
