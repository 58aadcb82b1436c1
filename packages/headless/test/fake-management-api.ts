import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { type FakeServer, fakeToken } from './fake-server.js';

export const ACCOUNT_ID = 'account-1';
export const API_TOKEN = 'api-token-1';

/** The calls of the management API that a load run makes, in front of the fake server's meetings. */
export class FakeManagementApi {
  /** Meetings by id, with their status. */
  readonly meetings = new Map<string, string>();
  /** Every participant that is created from now on is refused. */
  refuseParticipants = false;

  constructor(private readonly server: FakeServer) {
    server.onRequest(this.handle);
  }

  private readonly handle: RequestListener = async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    // client, v4, accounts, <account>, realtime, kit, and then the path below an account.
    const parts = new URL(request.url!, 'http://fake').pathname.slice(1).split('/');
    const [account, , , app, , meetingId = '', what] = parts.slice(3);
    const body = await readJson(request);
    if (request.headers.authorization !== `Bearer ${API_TOKEN}` || account !== ACCOUNT_ID) answer(401, {});
    else if (app === 'apps') answer(200, { data: [{ id: 'app-1' }] });
    else if (request.method === 'PATCH') {
      this.meetings.set(meetingId, String(body.status));
      answer(200, { data: {} });
    } else if (meetingId === '') {
      const id = randomUUID();
      this.meetings.set(id, 'ACTIVE');
      answer(201, { data: { id } });
    } else if (what === 'active-session') {
      answer(200, { data: { kicked_participants_count: this.server.endMeeting(meetingId) } });
    } else if (this.refuseParticipants) answer(404, { message: 'Preset not found' });
    else answer(201, { data: { token: fakeToken(meetingId, randomUUID()) } });
  };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = await request.toArray();
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
}
