import { HeadlessPeer, type HeadlessPeerOptions } from '@parley/headless';
import Cloudflare from 'cloudflare';
import { type Backend, backendOf, type TestParticipant } from './backend.js';
import { type ParleyOptions, type ParleyProcess, startParley } from './parley-process.js';
import { RawSocket, type RawSocketOptions } from './raw-socket.js';

type Kit = Cloudflare['realtimeKit'];
export type Session = NonNullable<Awaited<ReturnType<Kit['activeSession']['getActiveSession']>>['data']>;
type SessionPeers = Awaited<ReturnType<Kit['sessions']['getSessionParticipants']>>;
export type SessionPeer = NonNullable<NonNullable<SessionPeers['data']>['participants']>[number];

type PeerOptions = Omit<Partial<HeadlessPeerOptions>, 'token'>;

/** Comes back as quickly as the server lets it; the SDK takes seconds between its attempts. */
export const COMES_BACK = { attempts: 200, firstDelayMs: 50, maxDelayMs: 200 };

/** A real server, the official REST client, and participants without a browser. */
export interface SessionStage {
  parley: ParleyProcess;
  backend: Backend;
  kit: Kit;
  /** Account and app, as most methods of the official client want them. */
  scope: { account_id: string; app_id: string };
  invite(meetingId: string, name: string, preset?: string): Promise<TestParticipant>;
  /** A connection of a participant, not opened yet. */
  peer(participant: Pick<TestParticipant, 'token'>, options?: PeerOptions): HeadlessPeer;
  /** Opens a connection of a participant and asks to join; the answer is in the peer's state. */
  enterAgain(participant: Pick<TestParticipant, 'token'>, options?: PeerOptions): Promise<HeadlessPeer>;
  /** Adds a participant, opens a connection and asks to join. */
  enter(meetingId: string, name: string, preset?: string, options?: PeerOptions): Promise<HeadlessPeer>;
  /** A hand-made client: it sends what it is told to, and nothing by itself. */
  rawSocket(participant: Pick<TestParticipant, 'token'>, options?: RawSocketOptions): Promise<RawSocket>;
  /** The session that is live in the meeting, or null. */
  activeSession(meetingId: string): Promise<Session | null>;
  session(sessionId: string): Promise<Session>;
  /** All sessions of the meeting, the newest first. */
  sessionsOf(meetingId: string): Promise<Session[]>;
  /** Who was in a session, the first to join first. */
  peersOf(sessionId: string): Promise<SessionPeer[]>;
  dispose(): Promise<void>;
}

export async function startSessionStage(options: ParleyOptions = {}): Promise<SessionStage> {
  const parley = await startParley(options);
  const backend = await backendOf(parley);
  const kit = backend.client.realtimeKit;
  const account = { account_id: backend.accountId };
  const scope = { ...account, app_id: backend.appId };
  const url = `${parley.httpUrl.replace('http', 'ws')}/ws`;
  const open: { drop(): void }[] = [];

  const stage: SessionStage = {
    parley,
    backend,
    kit,
    scope,
    invite: (meetingId, name, preset = 'group_call_participant') =>
      backend.addParticipant(meetingId, name, preset),
    peer({ token }, peerOptions) {
      const peer = new HeadlessPeer({ url, token, ...peerOptions });
      open.push(peer);
      return peer;
    },
    async enterAgain(participant, peerOptions) {
      const peer = stage.peer(participant, peerOptions);
      await peer.connect();
      await peer.join();
      return peer;
    },
    enter: async (meetingId, name, preset, peerOptions) =>
      stage.enterAgain(await stage.invite(meetingId, name, preset), peerOptions),
    async rawSocket({ token }, socketOptions) {
      const socket = await RawSocket.open(url, token, socketOptions);
      open.push(socket);
      return socket;
    },
    async activeSession(meetingId) {
      try {
        return (await kit.activeSession.getActiveSession(meetingId, scope)).data!;
      } catch (error) {
        if (error instanceof Cloudflare.NotFoundError) return null;
        throw error;
      }
    },
    session: async (sessionId) => (await kit.sessions.getSessionDetails(sessionId, scope)).data as Session,
    async sessionsOf(meetingId) {
      const { data } = await kit.sessions.getSessions(scope.app_id, { ...account, associated_id: meetingId });
      return (data?.sessions ?? []) as Session[];
    },
    async peersOf(sessionId) {
      const { data } = await kit.sessions.getSessionParticipants(sessionId, { ...scope, per_page: 100 });
      return data?.participants ?? [];
    },
    async dispose() {
      for (const one of open) one.drop();
      await parley.dispose();
    },
  };
  return stage;
}
