import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import type { SessionId } from '../ids.js';
import { type ChatFileSettings, ChatFiles } from './chat-files.js';
import { FileDisk } from './disk.js';
import { type FileLink, type FileLinks, loadFileLinks } from './links.js';

const CLEAN_UP_EVERY_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const EXPORT_LINK_DAYS = 7;

export interface FilesOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  settings: ChatFileSettings & Pick<Settings, 'dataDir' | 'baseDomain'>;
}

/** The files of this installation and the links to them. */
export interface Files {
  links: FileLinks;
  chatFiles: ChatFiles;
  /** To the chat of a session that has ended, for a webhook: works for a week, or as long as the chat is kept. */
  chatExportLink(sessionId: SessionId, endedAt: Date): FileLink;
  /** Waits for nothing; a clean-up under way ends at its next step. */
  close(): void;
}

export async function openFiles({ db, clock, log, settings }: FilesOptions): Promise<Files> {
  const links = await loadFileLinks(db);
  const disk = await FileDisk.open(join(settings.dataDir, 'files'));
  const chatFiles = new ChatFiles({ db, clock, links, disk, settings });
  const closing = new AbortController();

  async function cleanUp(): Promise<void> {
    try {
      const removed = await chatFiles.clear(closing.signal);
      if (removed > 0) log.info({ removed }, 'Old chat files were removed');
    } catch (error) {
      if (!closing.signal.aborted) log.error({ err: error }, 'Old chat files could not be removed');
    }
  }
  void cleanUp();
  const timer = setInterval(() => void cleanUp(), CLEAN_UP_EVERY_MS);

  return {
    links,
    chatFiles,
    chatExportLink(sessionId, endedAt) {
      const days = Math.min(EXPORT_LINK_DAYS, settings.chatRetentionDays);
      const expiresAt = new Date(endedAt.getTime() + days * DAY_MS);
      return links.make(`https://${settings.baseDomain}`, 'chat-export', sessionId, expiresAt);
    },
    close() {
      closing.abort();
      clearInterval(timer);
    },
  };
}
