import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PlacedFrame, type TappedFrame, TrackTimeline } from '../../../src/tapping/timeline.js';

const CLOCK_HZ = 48_000;
const START_MS = 1_760_000_000_000;
const FRAME_MS = 20;

/** A frame that was made `madeMs` after the start, by the sender's clock, and came `delayMs` later. */
function frame(madeMs: number, delayMs: number, senderMs = madeMs): TappedFrame {
  const timestamp = Math.round(((senderMs + 7_777) * CLOCK_HZ) / 1000);
  const data = Buffer.from(String(madeMs));
  return { data, timestamp, clockRate: CLOCK_HZ, arrivalMs: START_MS + madeMs + delayMs };
}

/** Where each frame is on our clock, by when it was made. */
function record(frames: TappedFrame[]): { startedAtMs: number; places: Map<number, number> } {
  const timeline = new TrackTimeline();
  const placed: PlacedFrame[] = [...frames.flatMap((one) => timeline.add(one)), ...timeline.flush()];
  const startedAtMs = timeline.startedAtMs!;
  const places = new Map(
    placed.map(({ data, positionMs }) => [Number(Buffer.from(data).toString()), startedAtMs + positionMs]),
  );
  return { startedAtMs, places };
}

/** 0, 20, 40 ... ms. */
function times(fromMs: number, toMs: number): number[] {
  return Array.from({ length: (toMs - fromMs) / FRAME_MS }, (_, index) => fromMs + index * FRAME_MS);
}

function furthest(places: Map<number, number>, delayMs: number): number {
  return [...places].reduce(
    (worst, [madeMs, place]) => Math.max(worst, Math.abs(place - START_MS - madeMs - delayMs)),
    0,
  );
}

test('jitter does not move frames: the quickest packet tells the delay of all', () => {
  const frames = times(0, 3_000).map((at, index) => frame(at, 30 + ((index * 37) % 60)));
  const { places, startedAtMs } = record(frames);
  expect(startedAtMs).toBe(START_MS + 30);
  expect(places.size).toBe(150);
  expect(furthest(places, 30)).toBe(0);
});

test('a first packet that comes late does not shift the file', () => {
  const frames = times(0, 2_000).map((at) => frame(at, at < 200 ? 10 + 200 - at : 10));
  const { places, startedAtMs } = record(frames);
  expect(startedAtMs).toBe(START_MS + 10);
  expect(furthest(places, 10)).toBe(0);
});

test('a start that is held up is judged by what comes after it', () => {
  const delay = (at: number) => (at < 100 ? 90 : at < 440 ? 450 - at : 10);
  const { places, startedAtMs } = record(times(0, 3_000).map((at) => frame(at, delay(at))));
  expect(startedAtMs).toBe(START_MS + 10);
  expect(places.size).toBe(150);
  expect(furthest(places, 10)).toBe(0);
});

test('a delay of the whole beginning ends with the first gap', () => {
  const before = times(0, 1_500).map((at) => frame(at, 90));
  const after = times(3_000, 4_500).map((at) => frame(at, 10));
  const { places } = record([...before, ...after]);
  expect(places.size).toBe(before.length + after.length);
  for (const { data } of after) {
    const madeMs = Number(Buffer.from(data).toString());
    expect(places.get(madeMs)).toBe(START_MS + madeMs + 10);
  }
});

test('timestamps that stand still in the first second do not shift what was before', () => {
  const before = times(0, 200).map((at) => frame(at, 8));
  const after = times(700, 3_000).map((at) => frame(at, 8, at - 500));
  const { places } = record([...before, ...after]);
  expect(places.size).toBe(before.length + after.length);
  expect(furthest(places, 8)).toBe(0);
});

test('lost packets and a muted microphone leave gaps that keep time', () => {
  const frames = [...times(0, 1_000), ...times(1_060, 2_000), ...times(62_000, 63_000)];
  const { places } = record(frames.map((at) => frame(at, 5)));
  expect(places.size).toBe(frames.length);
  expect(furthest(places, 5)).toBe(0);
});

test('packets of silence every 400 ms keep their places', () => {
  const frames = [...times(0, 1_000), ...[1_400, 1_800, 2_200, 2_600], ...times(3_000, 4_000)];
  const { places } = record(frames.map((at, index) => frame(at, 5 + (index % 3) * 15)));
  expect(places.size).toBe(frames.length);
  expect(furthest(places, 5)).toBe(0);
});

test("a sender's timestamps that stood still while it had no microphone do not lose the time", () => {
  const before = times(0, 1_000).map((at) => frame(at, 8));
  const after = times(3_500, 5_000).map((at) => frame(at, 8, at - 2_500));
  const { places } = record([...before, ...after]);
  expect(places.size).toBe(before.length + after.length);
  expect(furthest(places, 8)).toBe(0);
});

test('what the network held up and delivered at once keeps the time at which it was made', () => {
  const frames = times(0, 4_000).map((at) => frame(at, at >= 1_000 && at < 2_000 ? 2_000 - at : 8));
  const { places } = record(frames);
  expect(places.size).toBe(frames.length);
  expect(furthest(places, 8)).toBe(0);
});

test.each([
  ['fast', 1.0002],
  ['slow', 0.9998],
])("a sender's clock that is 200 ppm too %s is followed to 10 ms for as long as it runs", (_name, rate) => {
  const frames = times(0, 1_200_000).map((at) => frame(at, 8 + (at % 7), at * rate));
  const { places } = record(frames);
  expect(places.size).toBe(frames.length);
  expect(furthest(places, 8)).toBeLessThan(10);
});

test('two senders with clocks of their own are in sync (RC50, lip-sync across files)', () => {
  const one = record(times(0, 5_000).map((at) => frame(at, 12 + (at % 5))));
  const other = record(times(2_000, 5_000).map((at) => frame(at, 25 + (at % 9), at + 123_456)));
  for (const [madeMs, place] of other.places) {
    expect(Math.abs(place - one.places.get(madeMs)!)).toBeLessThan(40);
  }
});

test('whatever timestamps a sender makes up, positions only grow and nothing throws', () => {
  const anyFrame = fc.record({ advance: fc.integer({ min: -200_000, max: 200_000 }), waitMs: fc.nat(2_000) });
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 60 }), (steps) => {
      const timeline = new TrackTimeline();
      let timestamp = 1_000_000_000;
      let arrivalMs = START_MS;
      const positions: number[] = [];
      for (const { advance, waitMs } of steps) {
        timestamp += advance;
        arrivalMs += waitMs;
        const frames = timeline.add({ data: Buffer.from('x'), timestamp, clockRate: CLOCK_HZ, arrivalMs });
        positions.push(...frames.map((placed) => placed.positionMs));
      }
      positions.push(...timeline.flush().map((placed) => placed.positionMs));
      for (const [index, position] of positions.entries()) {
        expect(position).toBeGreaterThan(positions[index - 1] ?? -1);
      }
    }),
  );
});
