import { matching, onOff } from '../parsers.js';
import type { Rows } from '../setting.js';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** What is sent to servers of others: webhooks, and recordings to their owner's storage. */
export const OUTGOING = {
  webhookAllowPrivate: {
    env: 'PARLEY_WEBHOOK_ALLOW_PRIVATE',
    default: (above) => LOOPBACK.test(above.host) && /^localhost(:|$)/.test(above.baseDomain),
    shownDefault: '1 when host and base domain are local, else 0',
    parse: onOff,
    reason:
      'Whether webhooks may go to addresses of the private and local network. Keep it off where others may create webhooks.',
  },
  webhookStreamKey: {
    env: 'PARLEY_WEBHOOK_STREAM_KEY',
    default: true,
    shownDefault: '1',
    parse: onOff,
    reason: 'Whether `livestreaming.statusUpdate` says the stream key; with 0 the field is empty.',
  },
  storageAllowPrivate: {
    env: 'PARLEY_STORAGE_ALLOW_PRIVATE',
    default: (above) => above.webhookAllowPrivate,
    shownDefault: 'as `PARLEY_WEBHOOK_ALLOW_PRIVATE`',
    parse: onOff,
    reason:
      'Whether recordings may be uploaded to storages in the private and local network, such as a server of your own beside this one.',
  },
  storageKey: {
    env: 'PARLEY_STORAGE_KEY',
    default: null,
    shownDefault: 'made at the first start, in the data folder',
    parse: matching(/^[0-9a-f]{64}$/, 'is not a key of 32 bytes as 64 hexadecimal digits in small letters'),
    reason:
      'The key that seals the secrets of storages in the database. With the key of the data folder, keep `storage.key` with every copy of the database.',
  },
} satisfies Partial<Rows>;
