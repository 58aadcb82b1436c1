import { isBot, type Permissions } from '../preset.js';

/** Hidden participants and recorders are told everything and shown to nobody (features.md R31, R32). */
export function isVisible(peer: { permissions: Permissions }): boolean {
  return !peer.permissions.hidden_participant && !isBot(peer.permissions);
}
