import type { SecureContext } from 'node:tls';
import { ChatEvent, type Frame, toClient } from '@parley/wire';
import { HeadlessPeer } from '../headless-peer.js';
import { type Distribution, distribution } from './distribution.js';
import { ManagementApi, type ManagementApiOptions } from './management-api.js';
import { ErrorCounts, inParallel } from './parallel.js';

/** After kick-all, peers that are still inside after this time are counted as errors. */
const KICK_ALL_LIMIT_MS = 30_000;
/** How long the last chat messages may take to arrive before the meetings are ended. */
const CHAT_SETTLE_LIMIT_MS = 2_000;
const CHAT_MARK = 'load ';

export interface LoadOptions extends ManagementApiOptions {
  /** The account's first app when absent. */
  appId?: string;
  /** `ws://host:port/ws` or `wss://host:port/ws`. */
  socketUrl: string;
  secureContext?: SecureContext;
  /** In all meetings together; they are spread evenly. */
  participants: number;
  meetings: number;
  /** Preset of every participant. */
  presetName: string;
  /** Requests and joins under way at the same time. */
  concurrency: number;
  /** How long everybody stays before the meetings are ended. */
  holdMs: number;
  /** In all meetings together, while they are held. */
  chatsPerSecond: number;
  /** Told what is going on, for people who watch. */
  onProgress?(line: string): void;
  /** Called when everybody has joined, before the meetings are held; for measurements from outside. */
  onJoined?(): Promise<void>;
}

export interface LoadReport {
  participants: number;
  meetings: number;
  /** Creating one participant over the management API. */
  create: Distribution;
  /** From opening the socket to the end of the join. */
  join: Distribution;
  joinsPerSecond: number;
  chat: { sent: number; delivered: number; delivery: Distribution };
  /** For each meeting, from calling kick-all to the last of its peers being told. */
  kickAll: Distribution;
  /** From the first of these calls to the last peer of all meetings. */
  kickAllMs: number;
  ended: number;
  errors: Map<string, number>;
}

interface LoadMeeting {
  id: string;
  peers: HeadlessPeer[];
}

/**
 * Creates meetings and participants, joins them all, holds, chats if wanted, and ends every meeting with kick-all.
 * Failures are counted in the report; only a management API that cannot be reached at all rejects.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const api = new ManagementApi(options);
  const errors = new ErrorCounts();
  const progress = options.onProgress ?? (() => undefined);
  const appId = options.appId ?? (await api.firstAppId());

  progress(`Creating ${options.meetings} meetings and ${options.participants} participants`);
  const meetings: LoadMeeting[] = [];
  await inParallel(range(options.meetings), options.concurrency, errors, async (n) => {
    meetings.push({ id: await api.createMeeting(appId, `Load ${n + 1}`), peers: [] });
  });
  if (meetings.length === 0) throw new Error(`No meeting could be created: ${[...errors.keys()].join('; ')}`);
  const createMs: number[] = [];
  await inParallel(range(options.participants), options.concurrency, errors, async (n) => {
    const meeting = meetings[n % meetings.length]!;
    const startedMs = performance.now();
    const token = await api.addParticipant(appId, meeting.id, {
      name: `Load ${n + 1}`,
      preset_name: options.presetName,
      custom_participant_id: `load-${n + 1}`,
    });
    createMs.push(performance.now() - startedMs);
    meeting.peers.push(
      new HeadlessPeer({
        url: options.socketUrl,
        secureContext: options.secureContext,
        token,
        displayName: `Load ${n + 1}`,
      }),
    );
  });

  progress('Joining');
  const peers = meetings.flatMap((meeting) => meeting.peers);
  const joinMs: number[] = [];
  const joinStartedMs = performance.now();
  await inParallel(peers, options.concurrency, errors, async (peer) => {
    const startedMs = performance.now();
    await peer.connect();
    const state = await peer.join();
    if (state !== 'joined') throw new Error(`A peer is ${state} instead of joined.`);
    joinMs.push(performance.now() - startedMs);
  });
  const joinsPerSecond = (joinMs.length * 1000) / (performance.now() - joinStartedMs);
  await options.onJoined?.();

  progress(`${joinMs.length} joined, holding for ${options.holdMs} ms`);
  const chat = await hold(meetings, options);
  countLosses(peers, errors);

  progress('Ending the meetings');
  const ending = await endAll(meetings, (meetingId) => api.kickAll(appId, meetingId), errors);
  for (const peer of peers) if (peer.state !== 'ended') peer.leave();
  await inParallel(meetings, options.concurrency, errors, ({ id }) => api.deactivateMeeting(appId, id));

  return {
    participants: options.participants,
    meetings: options.meetings,
    create: distribution(createMs),
    join: distribution(joinMs),
    joinsPerSecond,
    chat,
    ...ending,
    errors,
  };
}

async function hold(meetings: LoadMeeting[], options: LoadOptions): Promise<LoadReport['chat']> {
  const senders = meetings.flatMap(({ peers }) => peers.filter(isJoined));
  const deliveryMs: number[] = [];
  let sent = 0;
  let expected = 0;
  const measure = (frame: Frame) => {
    if (frame.event !== ChatEvent.sendMessageToRoom) return;
    const text = toClient.decode(frame.event, frame.payload).message?.payload ?? '';
    if (text.startsWith(CHAT_MARK)) deliveryMs.push(performance.now() - Number(text.slice(CHAT_MARK.length)));
  };

  let ticker: NodeJS.Timeout | undefined;
  if (options.chatsPerSecond > 0 && senders.length > 0) {
    for (const peer of senders) peer.on('frame', measure);
    const receivers = new Map(meetings.map(({ id, peers }) => [id, peers.filter(isJoined).length]));
    ticker = setInterval(() => {
      const sender = senders[sent % senders.length]!;
      sender.chat(`${CHAT_MARK}${performance.now()}`);
      sent += 1;
      expected += receivers.get(sender.meetingId) ?? 0;
    }, 1000 / options.chatsPerSecond);
  }
  await wait(options.holdMs);
  clearInterval(ticker);
  const settleUntilMs = performance.now() + CHAT_SETTLE_LIMIT_MS;
  while (deliveryMs.length < expected && performance.now() < settleUntilMs) await wait(20);
  for (const peer of senders) peer.off('frame', measure);
  return { sent, delivered: deliveryMs.length, delivery: distribution(deliveryMs) };
}

function countLosses(peers: HeadlessPeer[], errors: ErrorCounts): void {
  for (const peer of peers) {
    if (peer.state === 'disconnected' || peer.state === 'failed') errors.add(peer.failure);
  }
}

async function endAll(
  meetings: LoadMeeting[],
  kickAll: (meetingId: string) => Promise<number>,
  errors: ErrorCounts,
): Promise<Pick<LoadReport, 'kickAll' | 'kickAllMs' | 'ended'>> {
  const lastPeerMs: number[] = [];
  let ended = 0;
  const startedMs = performance.now();
  let allOutMs = startedMs;
  const occupied = meetings
    .map((meeting) => ({ ...meeting, peers: meeting.peers.filter(isJoined) }))
    .filter(({ peers }) => peers.length > 0);

  await inParallel(occupied, occupied.length, errors, async ({ id, peers }) => {
    const calledMs = performance.now();
    let lastOutMs = calledMs;
    const allOut = inParallel(peers, peers.length, errors, async (peer) => {
      await peer.reached('ended', KICK_ALL_LIMIT_MS);
      lastOutMs = performance.now();
      ended += 1;
    });
    const removed = await kickAll(id);
    await allOut;
    if (removed !== peers.length) errors.add(`Kick-all removed ${removed} of ${peers.length} peers.`);
    lastPeerMs.push(lastOutMs - calledMs);
    allOutMs = Math.max(allOutMs, lastOutMs);
  });
  return { kickAll: distribution(lastPeerMs), kickAllMs: allOutMs - startedMs, ended };
}

const isJoined = (peer: HeadlessPeer) => peer.state === 'joined';
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
