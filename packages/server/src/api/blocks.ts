import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from '../http/errors.js';
import { pageOf } from '../http/pagination.js';
import type { MeetingId } from '../ids.js';
import { type BlockScope, insertBlocks } from '../sessions/blocks.js';
import { type AppScope, type ManagementServices, resourceRouter } from './router.js';
import { blockedWho, deleteBlock, findBlocks, getBlock, toBlock } from './rows/blocks.js';
import { requireMeeting } from './rows/meetings.js';
import { blockList, blockView, type NewBlock, newBlock } from './schemas/blocks.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { blockId, meetingId } from './schemas/ids.js';

const ofMeeting = z.object({ meeting_id: meetingId });
const ofBlock = z.object({ block_id: blockId });
const ofBlockInMeeting = z.object({ meeting_id: meetingId, block_id: blockId });

const listInMeeting = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/blocks',
  summary: 'List who is blocked from a meeting',
  request: { params: ofMeeting, query: blockList },
  responses: { 200: pageAnswer('Blocks that have not run out, the newest first.', blockView) },
});

const listInApp = createRoute({
  method: 'get',
  path: '/blocks',
  summary: 'List who is blocked from all meetings of the app',
  request: { query: blockList },
  responses: { 200: pageAnswer('Blocks that have not run out, the newest first.', blockView) },
});

const addToMeeting = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/blocks',
  summary: 'Remove a participant from a meeting and keep it out',
  request: { params: ofMeeting, body: jsonBody(newBlock) },
  responses: { 201: answer('The block.', blockView) },
});

const addToApp = createRoute({
  method: 'post',
  path: '/blocks',
  summary: 'Remove a participant from all meetings of the app and keep it out',
  request: { body: jsonBody(newBlock) },
  responses: { 201: answer('The block.', blockView) },
});

const getInMeeting = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/blocks/{block_id}',
  summary: 'Get a block of a meeting',
  request: { params: ofBlockInMeeting },
  responses: { 200: answer('The block.', blockView) },
});

const getInApp = createRoute({
  method: 'get',
  path: '/blocks/{block_id}',
  summary: 'Get a block of the app',
  request: { params: ofBlock },
  responses: { 200: answer('The block.', blockView) },
});

const removeFromMeeting = createRoute({
  method: 'delete',
  path: '/meetings/{meeting_id}/blocks/{block_id}',
  summary: 'Lift a block of a meeting',
  request: { params: ofBlockInMeeting },
  responses: { 200: answer('The lifted block.', blockView) },
});

const removeFromApp = createRoute({
  method: 'delete',
  path: '/blocks/{block_id}',
  summary: 'Lift a block of the app',
  request: { params: ofBlock },
  responses: { 200: answer('The lifted block.', blockView) },
});

/** Kicks that stay: an addition of Parley, of which a client that never uses it sees nothing. */
export function blocks({ db, clock, sessions }: ManagementServices) {
  /** Throws 404 unless the app has the meeting. */
  async function scopeIn(c: Context<AppScope>, id: MeetingId | null): Promise<BlockScope> {
    if (id !== null) await requireMeeting(db, c.var.appId, id);
    return { appId: c.var.appId, meetingId: id };
  }

  async function add(scope: BlockScope, block: NewBlock) {
    const now = clock.now();
    const { reason, expires_at: expiresAt } = block;
    if (expiresAt && expiresAt <= now) throw ApiError.badRequest('expires_at', 'must be in the future');
    const blocked = [await blockedWho(db, scope, block)];
    const [row] = await insertBlocks(db, scope, blocked, { reason, expiresAt }, now);
    if (!row) throw new Error('A block was not written.');
    await sessions.participantsBlocked(scope, blocked);
    return ok(toBlock(row));
  }

  async function list(scope: BlockScope, query: z.output<typeof blockList>) {
    const page = pageOf(query);
    return okPage(page, await findBlocks(db, scope, page, clock.now()), toBlock);
  }

  return resourceRouter()
    .openapi(listInMeeting, async (c) => {
      const scope = await scopeIn(c, c.req.valid('param').meeting_id);
      return c.json(await list(scope, c.req.valid('query')), 200);
    })
    .openapi(listInApp, async (c) => c.json(await list(await scopeIn(c, null), c.req.valid('query')), 200))
    .openapi(addToMeeting, async (c) => {
      const scope = await scopeIn(c, c.req.valid('param').meeting_id);
      return c.json(await add(scope, c.req.valid('json')), 201);
    })
    .openapi(addToApp, async (c) => c.json(await add(await scopeIn(c, null), c.req.valid('json')), 201))
    .openapi(getInMeeting, async (c) => {
      const { meeting_id, block_id } = c.req.valid('param');
      const row = await getBlock(db, await scopeIn(c, meeting_id), block_id, clock.now());
      return c.json(ok(toBlock(row)), 200);
    })
    .openapi(getInApp, async (c) => {
      const scope = await scopeIn(c, null);
      const row = await getBlock(db, scope, c.req.valid('param').block_id, clock.now());
      return c.json(ok(toBlock(row)), 200);
    })
    .openapi(removeFromMeeting, async (c) => {
      const { meeting_id, block_id } = c.req.valid('param');
      const row = await deleteBlock(db, await scopeIn(c, meeting_id), block_id, clock.now());
      return c.json(ok(toBlock(row)), 200);
    })
    .openapi(removeFromApp, async (c) => {
      const scope = await scopeIn(c, null);
      const row = await deleteBlock(db, scope, c.req.valid('param').block_id, clock.now());
      return c.json(ok(toBlock(row)), 200);
    });
}
