import { describe, expect, it } from 'vitest';
import { joinChime, messageChime, speakerTestTune } from '../../src/own-answers/chimes.js';
import { emojiIndex, indexOf } from '../../src/own-answers/emojis.js';
import { permissionPicture } from '../../src/own-answers/permission-pictures.js';

/** The kit's own search, as its emoji picker runs it. */
function search({ emojis, search }: { emojis: string[]; search: string }, words: string): string[] {
  const entries = search.matchAll(new RegExp(`([^,]*?${words}[^,]*):(\\d+)`, 'g'));
  return Array.from(entries, (entry) => emojis[Number(entry[2])]!);
}

describe('emojis', () => {
  it('are found by the search of the kit', async () => {
    const index = await emojiIndex();
    expect(search(index, 'thumbs up')).toEqual(['👍']);
    expect(search(index, '')).toHaveLength(index.emojis.length);
  });

  it('keep their place when a name holds a comma or a colon', () => {
    const index = indexOf([
      { emoji: 'A', name: 'flag: Bosnia, Herzegovina' },
      { emoji: 'B', name: 'plain' },
    ]);
    expect(search(index, 'Bosnia')).toEqual(['A']);
    expect(search(index, 'plain')).toEqual(['B']);
  });
});

describe('sounds', () => {
  it.each([
    ['join', joinChime],
    ['message', messageChime],
    ['speaker test', speakerTestTune],
  ])('%s is an audible WAV file', async (_name, sound) => {
    const bytes = new Uint8Array(await sound().arrayBuffer());
    const view = new DataView(bytes.buffer);
    expect(String.fromCharCode(...bytes.slice(0, 4), ...bytes.slice(8, 12))).toBe('RIFFWAVE');
    expect(view.getUint32(4, true)).toBe(bytes.length - 8);
    expect(view.getUint32(40, true)).toBe(bytes.length - 44);
    const samples = Array.from({ length: (bytes.length - 44) / 2 }, (_, index) =>
      view.getInt16(44 + index * 2, true),
    );
    const peak = Math.max(...samples.map(Math.abs));
    expect(peak).toBeGreaterThan(8_000);
    expect(peak).toBeLessThan(32_767);
  });
});

describe('permission pictures', () => {
  it('leave the places that the kit fills in', () => {
    for (const step of ['blocked', 'allow', 'done'] as const) {
      expect(permissionPicture(step)).toContain('yoursite.com');
      expect(permissionPicture(step)).not.toContain('style=');
    }
  });
});
