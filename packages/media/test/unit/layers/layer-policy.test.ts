import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decideLayers,
  firstLayer,
  HOLD_MS,
  type Layer,
  LOW_PATIENCE_MS,
  type ReceiverLine,
  startPolicy,
} from '../../../src/layers/layer-policy.js';

const HD: Layer[] = [
  { rid: 'f', bitrateBps: 1_500_000 },
  { rid: 'h', bitrateBps: 450_000 },
  { rid: 'q', bitrateBps: 150_000 },
];

/**
 * A line of a fixed capacity with an estimator as the engine's: it believes in what it has seen arrive, and its
 * target falls below what is sent when more is sent than fits.
 */
class SimulatedReceiver {
  nowMs = 0;
  rids = new Map<string, string>();
  wishes = new Map<string, number>();
  changes: { atMs: number; rid: string }[] = [];
  overloadedMs = 0;
  probedMs = 0;
  #state = startPolicy(0);
  #probeUpToBps = 0;
  #estimate: ReceiverLine['estimate'];

  constructor(
    public capacityBps: number,
    readonly layersOf: Record<string, Layer[]>,
  ) {
    for (const mid of Object.keys(layersOf)) {
      this.wishes.set(mid, 0);
      this.rids.set(mid, firstLayer(this.#line(), mid) ?? '');
    }
  }

  get sentBps(): number {
    let sum = 50_000;
    for (const [mid, rid] of this.rids) {
      sum += this.layersOf[mid]!.find((layer) => layer.rid === rid)?.bitrateBps ?? 0;
    }
    return sum;
  }

  run(seconds: number): void {
    for (let step = 0; step < seconds * 2; step += 1) {
      this.nowMs += 500;
      const media = this.sentBps;
      const total = Math.max(media, Math.min(this.#probeUpToBps, this.capacityBps * 1.1));
      const arrived = Math.min(total, this.capacityBps);
      const target =
        media > this.capacityBps ? this.capacityBps * 0.9 : Math.min(arrived * 2.3, this.capacityBps * 1.2);
      this.#estimate = { targetBps: target, capacityBps: arrived };
      if (media > this.capacityBps) this.overloadedMs += 500;
      if (this.#probeUpToBps > 0) this.probedMs += 500;
      const { state, changes, probeUpToBps } = decideLayers(this.#state, this.#line());
      this.#state = state;
      this.#probeUpToBps = probeUpToBps;
      for (const [mid, rid] of changes) {
        this.rids.set(mid, rid);
        this.changes.push({ atMs: this.nowMs, rid });
      }
    }
  }

  #line(): ReceiverLine {
    return {
      nowMs: this.nowMs,
      estimate: this.#estimate,
      canProbe: true,
      fixedBps: 50_000,
      videos: Object.entries(this.layersOf).map(([mid, layers]) => ({
        mid,
        layers,
        wish: this.wishes.get(mid) ?? 0,
        rid: this.rids.get(mid),
      })),
    };
  }
}

test('a good line reaches the best layer within seconds and stays there', () => {
  const receiver = new SimulatedReceiver(10_000_000, { '100': HD });
  receiver.run(8);
  expect(receiver.rids.get('100')).toBe('f');
  receiver.run(300);
  expect(receiver.changes.length).toBeLessThanOrEqual(2);
});

test('a 400 kbit/s line keeps the lowest layer for ten minutes without overload', () => {
  const receiver = new SimulatedReceiver(400_000, { '100': HD });
  receiver.run(600);
  expect(receiver.rids.get('100')).toBe('q');
  // The middle layer of the start is left once; nothing goes up again.
  expect(receiver.changes.length).toBeLessThanOrEqual(1);
  expect(receiver.overloadedMs).toBeLessThanOrEqual(1_000);
  // Padding is tried in attempts with pauses, not for ever.
  expect(receiver.probedMs).toBeLessThan(600_000 * 0.25);
});

test('a line that gets narrow goes down at once, and up again only after a hold', () => {
  const receiver = new SimulatedReceiver(10_000_000, { '100': HD });
  receiver.run(10);
  receiver.capacityBps = 300_000;
  const narrowAt = receiver.nowMs;
  receiver.run(1);
  expect(receiver.rids.get('100')).toBe('q');
  receiver.capacityBps = 10_000_000;
  receiver.run(120);
  const up = receiver.changes.find(({ atMs, rid }) => atMs > narrowAt && rid === 'h');
  expect(up?.atMs).toBeGreaterThanOrEqual(narrowAt + HOLD_MS);
  expect(receiver.rids.get('100')).toBe('f');
});

test('a poor line that becomes a good one is noticed', () => {
  const receiver = new SimulatedReceiver(180_000, { '100': HD });
  receiver.run(120);
  expect(receiver.rids.get('100')).toBe('q');
  receiver.capacityBps = 10_000_000;
  receiver.run(180);
  expect(receiver.rids.get('100')).toBe('f');
});

test('a line just below what a layer needs does not swing', () => {
  const receiver = new SimulatedReceiver(480_000, { '100': HD });
  receiver.run(600);
  expect(receiver.changes.length).toBeLessThanOrEqual(4);
  expect(receiver.overloadedMs).toBeLessThan(5_000);
});

test('several videos share a line: everyone gets the middle layer before one gets the best', () => {
  const receiver = new SimulatedReceiver(2_600_000, { '100': HD, '101': HD, '102': HD });
  receiver.run(60);
  expect([...receiver.rids.values()]).toEqual(['h', 'h', 'h']);
});

test('nothing is better than the client asks for, and asking for more is served quickly on a good line', () => {
  const receiver = new SimulatedReceiver(10_000_000, { '100': HD });
  receiver.wishes.set('100', 2);
  receiver.run(30);
  expect(receiver.rids.get('100')).toBe('q');
  expect(receiver.probedMs).toBe(0);
  receiver.wishes.set('100', 0);
  receiver.run(8);
  expect(receiver.rids.get('100')).toBe('f');
  receiver.wishes.set('100', 1);
  receiver.run(0.5);
  expect(receiver.rids.get('100')).toBe('h');
});

const line = (
  over: Partial<ReceiverLine> & { layers?: Layer[]; rid?: string; wish?: number },
): ReceiverLine => ({
  nowMs: 60_000,
  estimate: { targetBps: 5_000_000, capacityBps: 5_000_000 },
  canProbe: true,
  fixedBps: 0,
  videos: [{ mid: '100', layers: over.layers ?? HD, wish: over.wish ?? 0, rid: over.rid }],
  ...over,
});

test('a layer that the sender stopped is left at once, for the next lower one or else the next better one', () => {
  const noBest = HD.map((layer) => (layer.rid === 'f' ? { ...layer, bitrateBps: 0 } : layer));
  expect(decideLayers(startPolicy(0), line({ layers: noBest, rid: 'f' })).changes.get('100')).toBe('h');
  const noLowest = HD.map((layer) => (layer.rid === 'q' ? { ...layer, bitrateBps: 0 } : layer));
  expect(decideLayers(startPolicy(0), line({ layers: noLowest, rid: 'q', wish: 2 })).changes.get('100')).toBe(
    'h',
  );
});

test('a layer that is starving at the sender is not chosen for its size', () => {
  const starting = HD.map((layer) => (layer.rid === 'f' ? { ...layer, bitrateBps: 180_000 } : layer));
  expect(firstLayer(line({ layers: starting, rid: undefined }), '100')).toBe('h');
  expect(decideLayers(startPolicy(0), line({ layers: starting, rid: 'f' })).changes.get('100')).toBe('h');
});

test('a sender that sends nothing changes nothing', () => {
  const silent = HD.map((layer) => ({ ...layer, bitrateBps: 0 }));
  expect(decideLayers(startPolicy(0), line({ layers: silent, rid: 'h', wish: 1 })).changes.size).toBe(0);
});

test('a client without transport-wide feedback gets what it asks for after a moment', () => {
  const early = line({ estimate: undefined, nowMs: 500, rid: 'h' });
  expect(decideLayers(startPolicy(0), early).changes.size).toBe(0);
  expect(decideLayers(startPolicy(0), { ...early, nowMs: 4_000 }).changes.get('100')).toBe('f');
});

test('a track without simulcast is never touched, and counts', () => {
  const videos = [
    { mid: '100', layers: [{ rid: '', bitrateBps: 2_000_000 }], wish: 0, rid: '' },
    { mid: '101', layers: HD, wish: 0, rid: 'h' },
  ];
  const narrow = line({ videos, estimate: { targetBps: 2_100_000, capacityBps: 2_100_000 } });
  expect([...decideLayers(startPolicy(0), narrow).changes]).toEqual([['101', 'q']]);
});

test('the first layer of a new video fits beside what is sent already', () => {
  const videos = [
    { mid: '100', layers: HD, wish: 0, rid: 'f' },
    { mid: '101', layers: HD, wish: 0, rid: undefined },
  ];
  const estimate = { targetBps: 2_500_000, capacityBps: 2_500_000 };
  expect(firstLayer(line({ videos, estimate }), '101')).toBe('h');
  // Before any feedback the line may be a poor one.
  expect(firstLayer(line({ rid: undefined, estimate: undefined }), '100')).toBe('q');
  const unmeasured = HD.map((layer) => ({ ...layer, bitrateBps: 0 }));
  expect(firstLayer(line({ layers: unmeasured, rid: undefined, estimate: undefined }), '100')).toBe('q');
});

test('a target that dips is waited for, one that stays low is not', () => {
  const wide = { targetBps: 5_000_000, capacityBps: 2_500_000 };
  const dip = { targetBps: 1_000_000, capacityBps: 2_400_000 };
  let { state } = decideLayers(startPolicy(0), line({ rid: 'f', estimate: wide }));
  const at = (ms: number, estimate: typeof dip) => {
    const decision = decideLayers(state, line({ rid: 'f', nowMs: 60_000 + ms, estimate }));
    ({ state } = decision);
    return decision;
  };
  expect(at(0, dip).changes.size).toBe(0);
  expect(at(LOW_PATIENCE_MS - 200, dip).changes.size).toBe(0);
  expect(at(LOW_PATIENCE_MS - 100, wide).changes.size).toBe(0);
  expect(at(LOW_PATIENCE_MS, dip).changes.size).toBe(0);
  const low = at(2 * LOW_PATIENCE_MS, dip);
  expect(low.changes.get('100')).toBe('h');
  expect(low.isCongested).toBe(true);
});

test('a line that is believed to be too narrow is not waited for', () => {
  const narrow = line({ rid: 'f', estimate: { targetBps: 400_000, capacityBps: 420_000 } });
  const { changes, isCongested } = decideLayers(startPolicy(0), narrow);
  expect([changes.get('100'), isCongested]).toEqual(['q', true]);
});

test('whatever comes in, a decision names layers that exist and never one better than wished and sent', () => {
  const layer = fc.record({
    rid: fc.constantFrom('f', 'h', 'q'),
    bitrateBps: fc.integer({ min: 0, max: 3_000_000 }),
  });
  const video = fc.record({
    mid: fc.integer({ min: 100, max: 120 }).map(String),
    layers: fc.uniqueArray(layer, { selector: ({ rid }) => rid, minLength: 1, maxLength: 3 }),
    wish: fc.integer({ min: 0, max: 2 }),
    rid: fc.option(fc.constantFrom('f', 'h', 'q', 'x'), { nil: undefined }),
  });
  const estimate = fc.record({
    targetBps: fc.integer({ min: 0, max: 10_000_000 }),
    capacityBps: fc.integer({ min: 0, max: 10_000_000 }),
  });
  const steps = fc.array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 20_000 }),
      estimate: fc.option(estimate, { nil: undefined }),
      videos: fc.uniqueArray(video, { selector: ({ mid }) => mid, maxLength: 6 }),
      canProbe: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, (sequence) => {
      let nowMs = 0;
      let state = startPolicy(0);
      for (const { waitMs, estimate: seen, videos, canProbe } of sequence) {
        nowMs += waitMs;
        const bounded = videos.map((each) => ({
          ...each,
          wish: Math.min(each.wish, each.layers.length - 1),
        }));
        const decision = decideLayers(state, {
          nowMs,
          estimate: seen,
          canProbe,
          fixedBps: 50_000,
          videos: bounded,
        });
        state = decision.state;
        for (const [mid, rid] of decision.changes) {
          const { layers, wish } = bounded.find((each) => each.mid === mid)!;
          const place = layers.findIndex((each) => each.rid === rid);
          expect(place).toBeGreaterThanOrEqual(0);
          const isWishSent = layers.some((each, index) => index >= wish && each.bitrateBps > 0);
          if (isWishSent) expect(place).toBeGreaterThanOrEqual(wish);
        }
      }
    }),
  );
});
