import { isBot, type Preset } from '../preset.js';

/**
 * Hidden participants and recorders are told everything and shown to nobody (features.md R31, R32). The preset
 * alone decides: the others' clients have no way to learn that a peer they know is hidden from now on.
 */
export function isVisible({ preset }: { preset: Preset }): boolean {
  return !preset.permissions.hidden_participant && !isBot(preset.permissions);
}
