import { integer, mimeTypes } from '../parsers.js';
import type { Rows } from '../setting.js';

const KIB = 1024;

/** Messages and files of chat, and how long they are kept. */
export const CHAT = {
  chatFileMaxBytes: {
    env: 'PARLEY_CHAT_FILE_MAX_BYTES',
    default: 25 * 1024 * KIB,
    parse: integer(KIB, 1024 * 1024 * KIB),
    reason: 'Largest file that may be sent in chat; a larger one is answered with 413.',
  },
  chatFilesMaxTotalBytes: {
    env: 'PARLEY_CHAT_FILES_MAX_TOTAL_BYTES',
    default: 20 * 1024 * 1024 * KIB,
    parse: integer(1024 * KIB, 1024 ** 3 * KIB),
    reason: 'Room for all files sent in chat together; without room, uploads are answered with 503.',
  },
  chatFileTypes: {
    env: 'PARLEY_CHAT_FILE_TYPES',
    default: [
      'image/*',
      'audio/*',
      'video/*',
      'text/plain',
      'text/csv',
      'text/markdown',
      'application/pdf',
      'application/zip',
      'application/json',
      'application/msword',
      'application/vnd.*',
      'application/octet-stream',
    ],
    shownDefault:
      'image/*, audio/*, video/*, application/vnd.* (office files), plain text, CSV, Markdown, PDF, ZIP, JSON, DOC and files of no known type',
    parse: mimeTypes,
    reason:
      'MIME types of the files that may be sent in chat, parted by commas; a `*` at the end stands for anything. Whatever is taken, browsers are told to save it, pictures apart.',
  },
  chatRetentionDays: {
    env: 'PARLEY_CHAT_RETENTION_DAYS',
    default: 7,
    parse: integer(1, 3650),
    reason:
      'How long the messages of an ended session, and files sent in chat, are kept. Those of meetings with `persist_chat` are kept without end.',
  },
} satisfies Partial<Rows>;
