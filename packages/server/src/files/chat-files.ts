import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { ChatFilesTable, Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { MeetingId, ParticipantId } from '../ids.js';
import { type FileDisk, tooLarge } from './disk.js';
import type { FileLink, FileLinks } from './links.js';

/** The SDK uploads at once and gives up after eight seconds; a slow line and a second try have room. */
const UPLOAD_WITHIN_MS = 5 * 60_000;
/** Twice what the SDK lets its user send in a minute, pictures and files together (features.md H14). */
const UPLOADS_PER_MINUTE = 80;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Files of a meeting that keeps its chat have no end of their own; their links need one. */
const KEPT_LINK_DAYS = 3650;

export type ChatFile = Selectable<ChatFilesTable>;

export type ChatFileSettings = Pick<
  Settings,
  'chatFileMaxBytes' | 'chatFilesMaxTotalBytes' | 'chatFileTypes' | 'chatRetentionDays'
>;

export interface ChatFilesOptions {
  db: Kysely<Database>;
  clock: Clock;
  links: FileLinks;
  disk: FileDisk;
  settings: ChatFileSettings;
}

export interface UploadRequest {
  meetingId: MeetingId;
  participantId: ParticipantId;
  /** The meeting keeps its chat from session to session, and so its files. */
  persistChat: boolean;
  filename: string;
  /** Seconds that the link for reading shall last; never more than the file does. */
  expirySeconds: number | undefined;
  /** Origin of both links. */
  origin: string;
}

/** The files that people send in chat (features.md H13): a row for each, and its bytes on the disk. */
export class ChatFiles {
  constructor(private readonly options: ChatFilesOptions) {}

  /** Makes room for one file. Throws 429 when the participant sends too many, 503 when the store is full. */
  async prepare(request: UploadRequest): Promise<{ put: FileLink; get: FileLink }> {
    const { db, clock, links, settings } = this.options;
    const now = clock.now();
    await this.#requireRoom(request.participantId, now);
    const id = randomUUID();
    const later = (ms: number) => new Date(now.getTime() + ms);
    const expiresAt = request.persistChat ? null : later(settings.chatRetentionDays * DAY_MS);
    const uploadUntil = later(UPLOAD_WITHIN_MS);
    await db
      .insertInto('chat_files')
      .values({
        id,
        meeting_id: request.meetingId,
        participant_id: request.participantId,
        name: request.filename,
        created_at: now,
        upload_until: uploadUntil,
        expires_at: expiresAt,
      })
      .execute();
    const longest = expiresAt ?? later(KEPT_LINK_DAYS * DAY_MS);
    const asked = request.expirySeconds === undefined ? longest : later(request.expirySeconds * 1000);
    return {
      put: links.make(request.origin, 'upload', id, uploadUntil),
      get: links.make(
        request.origin,
        'chat-file',
        id,
        new Date(Math.min(asked.getTime(), longest.getTime())),
      ),
    };
  }

  /**
   * Stores the body under a link that was made for it. A link takes one upload: a second one is refused with 409,
   * one that failed may be tried again. Throws 413, 415, 503 `disk_full`, 404 for a file that is gone.
   */
  async store(
    id: string,
    contentType: string,
    declaredBytes: number | undefined,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<void> {
    const { db, clock, disk, settings } = this.options;
    const maxBytes = settings.chatFileMaxBytes;
    if (!isAllowed(contentType, settings.chatFileTypes)) {
      throw new ApiError(415, `BAD_REQUEST: files of type "${contentType}" are not taken`, 'content-type');
    }
    if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
    const claim = await db
      .updateTable('chat_files')
      .set({ claimed_at: clock.now() })
      .where('id', '=', id)
      .where('claimed_at', 'is', null)
      .executeTakeFirst();
    if (claim.numUpdatedRows === 0n) {
      throw new ApiError(409, 'The link was used already', undefined, 'link_used');
    }
    try {
      const size = await disk.write(id, body, maxBytes);
      await db
        .updateTable('chat_files')
        .set({ content_type: contentType, size_bytes: size, stored_at: clock.now() })
        .where('id', '=', id)
        .execute();
    } catch (error) {
      await disk.remove(id);
      await db.updateTable('chat_files').set({ claimed_at: null }).where('id', '=', id).execute();
      throw error;
    }
  }

  /** Throws 404 unless the file is whole and still kept. */
  async find(id: string): Promise<ChatFile & { size: number }> {
    const row = await this.options.db
      .selectFrom('chat_files')
      .selectAll()
      .where('id', '=', id)
      .where('stored_at', 'is not', null)
      .executeTakeFirst();
    const isOver = row?.expires_at != null && row.expires_at <= this.options.clock.now();
    if (!row || isOver) throw ApiError.notFound('file', id);
    return { ...row, size: Number(row.size_bytes) };
  }

  read(id: string, first: number, last: number): Readable {
    return this.options.disk.read(id, first, last);
  }

  /** Removes the files whose time is over and the uploads that were never finished; answers how many. */
  async clear(stop?: AbortSignal): Promise<number> {
    const { db, clock, disk } = this.options;
    const now = clock.now();
    // An upload that began in its last moment may still be under way.
    const abandoned = new Date(now.getTime() - UPLOAD_WITHIN_MS);
    let removed = 0;
    while (!stop?.aborted) {
      const rows = await db
        .selectFrom('chat_files')
        .select('id')
        .where((eb) =>
          eb.or([
            eb('expires_at', '<=', now),
            eb.and([eb('stored_at', 'is', null), eb('upload_until', '<', abandoned)]),
          ]),
        )
        .limit(CLEAR_BATCH_FILES)
        .execute();
      for (const { id } of rows) {
        await disk.remove(id);
        await db.deleteFrom('chat_files').where('id', '=', id).execute();
      }
      removed += rows.length;
      if (rows.length < CLEAR_BATCH_FILES) break;
    }
    return removed;
  }

  async #requireRoom(participantId: ParticipantId, now: Date): Promise<void> {
    const { db, settings } = this.options;
    const { recent, total } = await db
      .selectFrom('chat_files')
      .select([
        sql<number>`count(*) filter (where participant_id = ${participantId}
          and created_at > ${new Date(now.getTime() - MINUTE_MS)})::int`.as('recent'),
        // A file that has room and is not there yet counts with the most that it may take.
        sql<string>`coalesce(sum(coalesce(size_bytes, ${settings.chatFileMaxBytes}::bigint)), 0)`.as('total'),
      ])
      .executeTakeFirstOrThrow();
    if (recent >= UPLOADS_PER_MINUTE) throw new ApiError(429, 'Too many files in one minute');
    if (Number(total) + settings.chatFileMaxBytes > settings.chatFilesMaxTotalBytes) {
      throw new ApiError(503, 'The server has no room left for files', undefined, 'disk_full');
    }
  }
}

const CLEAR_BATCH_FILES = 500;

/** `Text/Plain; charset=utf-8` -> `text/plain`. */
export const bareType = (contentType: string): string =>
  contentType.replace(/;.*$/s, '').trim().toLowerCase();

/** An entry that ends in `*` allows every type that begins like it. */
export function isAllowed(contentType: string, allowed: readonly string[]): boolean {
  const type = bareType(contentType);
  return allowed.some((entry) =>
    entry.endsWith('*') ? type.startsWith(entry.slice(0, -1)) : type === entry,
  );
}
