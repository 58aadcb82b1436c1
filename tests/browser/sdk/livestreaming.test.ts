import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

const FAKE_RECORDER = fileURLToPath(new URL('../../support/fake-recorder.mjs', import.meta.url));

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a livestream that the SDK starts', () => {
  let stage: Stage;
  let meeting: string;
  let hal: Person;
  let vera: Person;
  beforeAll(async () => {
    stage = await setUpStage({ env: { PARLEY_RECORDER: FAKE_RECORDER } });
    meeting = await stage.backend.newMeeting();
    [hal, vera] = await Promise.all([
      stage.enter(meeting, 'Hal', 'livestream_host', WITHOUT_DEVICES),
      stage.enter(meeting, 'Vera', 'livestream_viewer', WITHOUT_DEVICES),
    ]);
  });
  afterAll(() => stage?.dispose());

  const stateOf = (person: Person) => person.run(() => window.meeting.livestream.state);
  const becomes = (person: Person, state: string) =>
    until(state, async () => (await stateOf(person)) === state);
  const addressOf = (person: Person) => person.run(() => window.meeting.livestream.playbackUrl);
  const start = (person: Person) => person.attempt(() => window.meeting.livestream.start());
  const stop = (person: Person) => person.attempt(() => window.meeting.livestream.stop());

  it(
    'is seen by everybody from its start to its end, and by who comes later (LS07, S27, S44)',
    proves(
      'Livestream.ingestionCredentials',
      'Livestream.playbackUrl',
      'Livestream.start',
      'Livestream.state',
      'Livestream.stop',
      'Livestream:livestreamUpdate',
    ),
    async () => {
      expect(await stateOf(hal)).toBe('IDLE');
      expect(await stop(hal)).toMatchObject({ ok: false, code: '1902' });
      expect(await start(vera)).toMatchObject({ ok: false, code: '1901' });
      expect(await start(hal)).toEqual({ ok: true });
      const other = await stage.enter(meeting, 'Eve', 'livestream_host', WITHOUT_DEVICES);
      for (const person of [hal, vera, other]) await becomes(person, 'LIVESTREAMING');
      const address = await addressOf(hal);
      expect(address).toMatch(/^https:\/\/api\..*\/live\/[\w-]{43}\/index\.m3u8$/);
      expect(await addressOf(vera)).toBe(address);
      expect(await hal.run(() => window.meeting.livestream.ingestionCredentials)).toBeNull();
      // Another one while this one runs: the server answers 409.
      expect(await start(other)).toMatchObject({ ok: false, code: '1900' });
      expect(await stop(hal)).toEqual({ ok: true });
      for (const person of [hal, vera]) await becomes(person, 'IDLE');
      expect(await addressOf(vera)).toBeUndefined();
      const changes = (await vera.events()).filter(({ name }) => name === 'livestreamUpdate');
      expect(changes.map(({ details }) => details)).toEqual(['LIVESTREAMING', 'IDLE']);
    },
  );
});
