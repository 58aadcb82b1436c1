import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { proves } from '../support/proves.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

/** The SDK comes back at the latest after its back-off (10 s) and a connect attempt (5 s). */
const COME_BACK_MS = 25_000;
const SDK_LONGEST_PAUSE_MS = 10_000;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the network of a person breaks', () => {
  let stage: Stage;
  let wire: TcpProxy;
  let host: Person;
  let guest: Person;

  beforeAll(async () => {
    wire = await startTcpProxy(() => stage.parley.httpsPort);
    stage = await setUpStage({ baseDomain: `localhost:${wire.port}` });
  });
  beforeEach(async () => {
    wire.mend();
    const meeting = await stage.backend.newMeeting();
    host = await stage.enter(meeting, 'Mary', 'group_call_host');
    guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    await Promise.all([host.seesVideoOf(guest.id), guest.seesVideoOf(host.id)]);
  });
  afterEach(() => stage.clear());
  afterAll(async () => {
    await stage?.dispose();
    await wire?.close();
  });

  const reconnected = (person: Person) =>
    person.page.waitForFunction(
      () =>
        window.sdkEvents.some(
          ({ name, details }) => name === 'roomJoined' && (details as { reconnected?: boolean })?.reconnected,
        ),
      undefined,
      { timeout: COME_BACK_MS },
    );

  it('a lost socket comes back as the same peer of the same session, and nobody left (S05, L22)', async () => {
    const [peerId, sessionId] = [await guest.peerId(), await guest.sessionId()];
    wire.drop();
    await Promise.all([reconnected(host), reconnected(guest)]);

    expect(await guest.peerId()).toBe(peerId);
    expect(await guest.sessionId()).toBe(sessionId);
    for (const person of [host, guest]) {
      expect((await person.events()).filter(({ name }) => name === 'participantLeft')).toEqual([]);
    }
    expect(await host.joinedIds()).toEqual([guest.id]);
    expect(await stage.backend.sessionStatus(sessionId)).toBe('LIVE');
    await Promise.all([
      host.seesVideoOf(guest.id),
      guest.seesVideoOf(host.id),
      host.hears(guest.id),
      guest.hears(host.id),
    ]);
  });

  it('media goes on while the socket is away (S05)', async () => {
    wire.cut();
    await Promise.all([host.seesVideoOf(guest.id), guest.hears(host.id)]);
    wire.mend();
    await Promise.all([reconnected(host), reconnected(guest)]);
    await Promise.all([host.seesVideoOf(guest.id), guest.seesVideoOf(host.id)]);
  });

  it(
    'roomLeft is disconnected while the network is away, and the page comes back (L21, L22, S46)',
    proves('Meta:socketConnectionUpdate'),
    async () => {
      wire.cut();
      await guest.sawEvent('self', 'roomLeft', { state: 'disconnected' });
      expect(await guest.run(() => window.meeting.self.roomState)).toBe('disconnected');
      await guest.sawEvent('meta', 'socketConnectionUpdate', { state: 'reconnecting' });
      wire.mend();
      await reconnected(guest);
      await guest.sawEvent('meta', 'socketConnectionUpdate', { state: 'connected' });
      expect(await guest.run(() => window.meeting.self.roomState)).toBe('joined');
    },
  );

  it('roomLeft is failed when the network stays away for all 50 tries (L21, S05)', async () => {
    // The SDK tries for some four minutes; the clock of the page goes faster than that.
    await guest.page.clock.install();
    wire.cut();
    const hasFailed = async () =>
      (await guest.events()).some(
        ({ name, details }) => name === 'roomLeft' && (details as { state: string }).state === 'failed',
      );
    await until('failed', async () => {
      if (await hasFailed()) return true;
      await guest.page.clock.runFor(SDK_LONGEST_PAUSE_MS);
      return false;
    });
    expect(await guest.run(() => window.meeting.self.roomState)).toBe('failed');
    wire.mend();
    await reconnected(host);
  });

  it('after the reconnect a host still ends it for all', async () => {
    wire.drop();
    await Promise.all([reconnected(host), reconnected(guest)]);
    await host.run(() => window.meeting.participants.kickAll());
    await host.sawEvent('self', 'roomLeft', { state: 'ended' });
    await guest.sawEvent('self', 'roomLeft', { state: 'ended' });
  });

  it('somebody who was kicked while away is out when the network is back', async () => {
    wire.cut();
    await stage.backend.kick(await meetingOf(guest), guest.id);
    wire.mend();
    await reconnected(host);
    await until('the host is alone', async () => (await host.joinedIds()).length === 0);
    await guest.sawEvent('self', 'roomLeft', { state: 'kicked' });
    expect(await guest.run(() => window.meeting.self.roomJoined)).toBe(false);
    expect(await host.joinedIds()).toEqual([]);
  });
});

const meetingOf = (person: Person) => person.run(() => window.meeting.meta.meetingId);
