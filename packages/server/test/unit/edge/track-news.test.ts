import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TrackNews } from '../../../src/edge/track-news.js';

let sent: number[];
let news: TrackNews;
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  news = new TrackNews(([number]) => sent.push(number!));
});
afterEach(() => vi.useRealTimers());

const tell = (...numbers: number[]) => {
  for (const number of numbers) news.tell(Uint8Array.of(number));
};

it('news are told at once to a client that takes nothing up', () => {
  tell(1, 2);
  expect(sent).toEqual([1, 2]);
});

it('news wait in order until the client has its tracks', () => {
  news.keep();
  tell(1, 2);
  expect(sent).toEqual([]);
  news.release();
  tell(3);
  expect(sent).toEqual([1, 2, 3]);
  vi.runAllTimers();
  expect(sent).toEqual([1, 2, 3]);
});

it('a client that never answers an offer hears the news all the same', () => {
  news.keep();
  tell(1);
  vi.advanceTimersByTime(4_999);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual([1]);
});

it('what waits is bounded', () => {
  news.keep();
  for (let count = 0; count < 999; count++) tell(7);
  expect(sent).toEqual([]);
  tell(7);
  expect(sent).toHaveLength(1000);
});
