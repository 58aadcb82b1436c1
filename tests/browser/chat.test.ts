import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** The smallest picture there is: one transparent pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('files in chat with the official SDK', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setUpStage();
  });
  afterAll(() => stage?.dispose());

  it('a picture and a file of 5 MB reach the other page, which loads them by their links (H03, H13)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant');
    const sent = await mary.attempt(async (pixel) => {
      const bytes = Uint8Array.from(atob(pixel as string), (character) => character.charCodeAt(0));
      await window.meeting.chat.sendImageMessage(new File([bytes], 'pixel.png', { type: 'image/png' }));
      const big = new Uint8Array(5_000_000).fill(7);
      await window.meeting.chat.sendFileMessage(new File([big], 'big.zip', { type: 'application/zip' }));
    }, PIXEL);
    expect(sent).toEqual({ ok: true });

    await until(
      'both messages',
      async () => (await tom.run(() => window.meeting.chat.messages.length)) === 2,
    );
    const seen = await tom.run(async () => {
      const [image, file] = window.meeting.chat.messages as unknown as { link: string; name?: string }[];
      const picture = new Image();
      picture.src = image!.link;
      await picture.decode();
      const answer = await fetch(file!.link);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return {
        width: picture.naturalWidth,
        name: file!.name,
        bytes: bytes.length,
        sum: bytes.reduce((sum, byte) => sum + byte, 0),
        disposition: answer.headers.get('content-disposition'),
      };
    });
    expect(seen).toEqual({
      width: 1,
      name: 'big.zip',
      bytes: 5_000_000,
      sum: 35_000_000,
      disposition: `attachment; filename="big.zip"; filename*=UTF-8''big.zip`,
    });
  });
});
