import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/record/config.js';

const withWatermark = (watermark: object) => JSON.stringify({ video_config: { watermark } });

describe('the options that a recording app is given', () => {
  it('hold the watermark of the start call (RC24, RC37)', () => {
    const sent = {
      url: 'https://a.example/logo.png',
      position: 'right bottom',
      size: { width: 80, height: 40 },
    };
    expect(readConfig(withWatermark(sent)).watermark).toEqual(sent);
  });

  it('place it left top in its own size by default (RC24)', () => {
    const { watermark } = readConfig(withWatermark({ url: 'https://a.example/logo.png' }));
    expect(watermark).toMatchObject({ position: 'left top', size: {} });
  });

  it.each([null, '', 'not JSON', 'null', '{}', withWatermark({ position: 'left top' })])(
    'are none in %j, and the page records all the same',
    (parameter) => {
      expect(readConfig(parameter)).toEqual({});
    },
  );
});
