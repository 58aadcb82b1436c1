import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { proves } from '../support/proves.js';
import { until } from '../support/until.js';

/** Chromium notices by itself after 7 to 8 s that its media's other end is gone; then both make new transports. */
const MEDIA_BACK_MS = 25_000;
/** When only a worker has died, the server tells the browsers so. */
const MEDIA_BACK_AFTER_WORKER_MS = 10_000;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a process of the server dies in a call', () => {
  let stage: Stage;
  let host: Person;
  let guest: Person;

  beforeAll(async () => {
    stage = await setUpStage();
  });
  beforeEach(async () => {
    const meeting = await stage.backend.newMeeting();
    host = await stage.enter(meeting, 'Mary', 'group_call_host');
    guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    await seeAndHearEachOther();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.dispose());

  const seeAndHearEachOther = () =>
    Promise.all([
      host.seesVideoOf(guest.id),
      guest.seesVideoOf(host.id),
      host.hears(guest.id),
      guest.hears(host.id),
    ]);

  /** How long it takes, in milliseconds, until new frames and new sound come in both directions. */
  async function mediaIsBack(): Promise<number> {
    const began = Date.now();
    await until(
      'both decode new frames',
      async () => {
        const before = await pictures();
        await pause(300);
        const now = await pictures();
        return now.every((frames, index) => frames > (before[index] ?? 0));
      },
      MEDIA_BACK_MS,
    );
    await seeAndHearEachOther();
    return Date.now() - began;
  }

  const pictures = () => Promise.all([host.framesDecoded(guest.id), guest.framesDecoded(host.id)]);

  const picturesFreeze = () =>
    until('the pictures freeze', async () => {
      const before = await pictures();
      await pause(400);
      const now = await pictures();
      return before.every((frames, index) => frames === now[index]);
    });

  const eventsOf = async (person: Person, name: string) =>
    (await person.events()).filter((event) => event.name === name);

  it('a media worker: media is back without a roomLeft', proves('Meta:mediaConnectionUpdate'), async () => {
    const killedAt = Date.now();
    for (const pid of stage.parley.mediaWorkerPids()) process.kill(pid, 'SIGKILL');
    await picturesFreeze();
    await mediaIsBack();
    const took = Date.now() - killedAt;
    console.log(`media was back after ${took} ms`);
    expect(took).toBeLessThan(MEDIA_BACK_AFTER_WORKER_MS);
    for (const person of [host, guest]) {
      expect(await eventsOf(person, 'roomLeft')).toEqual([]);
      expect(await eventsOf(person, 'participantLeft')).toEqual([]);
      expect(await eventsOf(person, 'mediaConnectionUpdate')).not.toEqual([]);
    }
  });

  it.each(['kill -9', 'SIGTERM'])(
    'the server by %s: the same peers go on in the same session',
    async (how) => {
      const before = [await host.peerId(), await guest.peerId(), await guest.sessionId()];
      if (how === 'SIGTERM') await stage.parley.stop();
      else await stage.parley.kill();
      await stage.parley.start();
      await until(
        'both have come back',
        async () => {
          const joins = await Promise.all([host, guest].map((person) => eventsOf(person, 'roomJoined')));
          return joins.every((events) => events.length === 2);
        },
        45_000,
      );
      const took = await mediaIsBack();
      console.log(`media was back ${took} ms after both had come back`);
      expect([await host.peerId(), await guest.peerId(), await guest.sessionId()]).toEqual(before);
      expect(await stage.backend.sessionStatus(before[2]!)).toBe('LIVE');
      for (const person of [host, guest]) expect(await eventsOf(person, 'participantLeft')).toEqual([]);
    },
  );
});
