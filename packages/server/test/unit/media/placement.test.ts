import { expect, test } from 'vitest';
import { choosePlace } from '../../../src/media/placement.js';

const room = (crashes = 0) => ({ crashes });
const place = (...rooms: { crashes: number }[]) => ({ rooms: new Set(rooms) });

test('a room goes to the worker with the fewest rooms', () => {
  const [full, empty] = [place(room(), room()), place(room())];
  expect(choosePlace(room(), [full, empty])).toBe(empty);
  expect(choosePlace(room(), [])).toBeUndefined();
});

test('rooms of a worker that died are spread apart, even onto busier workers', () => {
  const busy = place(...Array.from({ length: 50 }, () => room()));
  const suspicious = place(room(1));
  expect(choosePlace(room(1), [suspicious, busy])).toBe(busy);
});

test('a clean room avoids company that saw a worker die', () => {
  const [suspicious, clean] = [place(room(1)), place(room(), room())];
  expect(choosePlace(room(), [suspicious, clean])).toBe(clean);
});

test('ten rooms of a dead worker come to lie evenly over five', () => {
  const places = Array.from({ length: 5 }, () => place());
  for (let count = 0; count < 10; count += 1) {
    const suspect = room(1);
    choosePlace(suspect, places)?.rooms.add(suspect);
  }
  expect(places.map(({ rooms }) => rooms.size)).toEqual([2, 2, 2, 2, 2]);
});
