import type { Rows } from './setting.js';
import { CHAT } from './table/chat.js';
import { LIMITS } from './table/limits.js';
import { MEDIA } from './table/media.js';
import { OUTGOING } from './table/outgoing.js';
import { RECORDINGS } from './table/recordings.js';
import { SERVER } from './table/server.js';

/** The manual of the settings, in its order; `docs/configuration.md` is made from it. */
export const SETTINGS: Rows = {
  ...SERVER,
  ...MEDIA,
  ...OUTGOING,
  ...CHAT,
  ...RECORDINGS,
  ...LIMITS,
};
