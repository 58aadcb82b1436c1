import { RoomEvent } from '@parley/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatLoadReport, type LoadOptions, runLoad } from '../../src/index.js';
import { ACCOUNT_ID, API_TOKEN, FakeManagementApi } from '../fake-management-api.js';
import { FakeServer } from '../fake-server.js';

let server: FakeServer;
let api: FakeManagementApi;
let options: LoadOptions;

beforeEach(async () => {
  server = await FakeServer.start();
  api = new FakeManagementApi(server);
  options = {
    apiUrl: `http://127.0.0.1:${server.port}/client/v4`,
    accountId: ACCOUNT_ID,
    apiToken: API_TOKEN,
    socketUrl: server.url,
    participants: 12,
    meetings: 3,
    presetName: 'group_call_participant',
    concurrency: 4,
    holdMs: 0,
    chatsPerSecond: 0,
  };
});

afterEach(() => server.stop());

describe('runLoad', () => {
  it('spreads participants over meetings, joins them all and ends them all', async () => {
    const report = await runLoad(options);
    expect([...report.errors]).toEqual([]);
    expect(report.join.count).toBe(12);
    expect(report.ended).toBe(12);
    expect(report.kickAll.count).toBe(3);
    expect([...api.meetings.values()]).toEqual(['INACTIVE', 'INACTIVE', 'INACTIVE']);
    const sizes = [...api.meetings.keys()].map(
      (id) => server.clients.filter(({ meetingId }) => meetingId === id).length,
    );
    expect(sizes).toEqual([4, 4, 4]);
  });

  it('counts each chat message at each of its receivers', async () => {
    const { chat } = await runLoad({ ...options, chatsPerSecond: 100, holdMs: 200 });
    expect(chat.sent).toBeGreaterThan(0);
    expect(chat.delivered).toBe(chat.sent * 4);
  });

  it('counts failures by their text, and goes on with the others', async () => {
    server.refusals.set(RoomEvent.joinRoom, 'The meeting is full');
    const report = await runLoad(options);
    expect([...report.errors]).toEqual([['room.joinRoom was refused: The meeting is full', 12]]);
    expect(report.ended).toBe(0);
    expect(formatLoadReport(report)).toContain('12 times');
  });

  it('counts a management API that refuses', async () => {
    api.refuseParticipants = true;
    const report = await runLoad(options);
    expect([...report.errors]).toEqual([
      ['POST /app-1/meetings/…/participants: 404 {"message":"Preset not found"}', 12],
    ]);
  });

  it('says why the server cannot be reached', async () => {
    const apiUrl = 'http://localhost:1/client/v4';
    await expect(runLoad({ ...options, apiUrl })).rejects.toThrow(
      /^GET \/apps of http:\/\/localhost:1\/client\/v4: (connect ECONNREFUSED|bad port)/,
    );
  });

  it('rejects when the token is wrong', async () => {
    await expect(runLoad({ ...options, apiToken: 'wrong' })).rejects.toThrow('401');
  });
});
