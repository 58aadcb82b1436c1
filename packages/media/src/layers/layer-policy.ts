/**
 * Which simulcast layer each video of one receiver gets. Pure: the caller brings the clock, the estimate and the
 * layers, and keeps the state.
 *
 * Down at once when the receiver's line is full; a target that only dips, as it does when packets come in bursts, has
 * to stay low for a moment. Up only after the estimate has had room for 1.3 times the needed
 * rate for a while: briefly on a line that was never full, 10 s and longer on one that was. The engine's estimate
 * sinks to what is being sent, so it can only grow while padding is sent ("probing"), which costs the receiver's
 * line; that is asked for only where a higher layer would be used, and in attempts with pauses.
 */

/** One layer of a track, the bit rate smoothed; 0 while the sender does not send it. */
export interface Layer {
  rid: string;
  bitrateBps: number;
}

interface VideoOfReceiver {
  mid: string;
  /** Best first; one with an empty rid when the track has no simulcast. */
  layers: readonly Layer[];
  /** Place of the best layer that the client has a use for. */
  wish: number;
  /** What it gets now. */
  rid: string | undefined;
}

export interface ReceiverLine {
  nowMs: number;
  /** What the engine says may be sent, and what it believes the line carries; undefined until feedback came. */
  estimate: { targetBps: number; capacityBps: number } | undefined;
  /** Padding travels as retransmissions, so a client without them can only be judged by the target. */
  canProbe: boolean;
  /** Audio and whatever else has no layers to choose from. */
  fixedBps: number;
  videos: readonly VideoOfReceiver[];
}

export interface PolicyState {
  startedAtMs: number;
  /** Room for sending in the last `holdMs`, oldest first. */
  readonly samples: readonly { atMs: number; bps: number }[];
  /** How long the room has to last before anything goes up. */
  holdMs: number;
  raisedAtMs: number;
  /** Since when the target has been too low, while the line itself seems wide enough. */
  lowSinceMs: number | undefined;
  probingSinceMs: number | undefined;
  probeNotBeforeMs: number;
  probePauseMs: number;
}

export interface LayerDecision {
  state: PolicyState;
  /** By mid; videos whose layer stays as it is are not named. */
  changes: ReadonlyMap<string, string>;
  /**
   * The line is full: the old layer has to stop now and not at the next key frame of the new one, which would be
   * lost behind it.
   */
  isCongested: boolean;
  /** Total rate up to which padding may be sent now; 0 for none. */
  probeUpToBps: number;
}

/** Before the first feedback, as little as a sender of its own would start with (WebRTC's 300 kbit/s). */
const START_BPS = 300_000;
/** Feedback comes within the first second; a client without it gets what it asks for. */
const NO_FEEDBACK_AFTER_MS = 3_000;
/** A line that carries what is sent has a target above it. */
export const DOWN_BELOW = 0.95;
/** After going down some room stays, so that the queue in the line drains. */
const DOWN_TO = 0.85;
/** Below this part of what is sent, the belief about the line leaves no doubt. */
const SURE_BELOW = 0.9;
export const LOW_PATIENCE_MS = 1_500;
const UP_ROOM = 1.3;
/** Part of the samples that may be worse than the room that counts. */
const DIPS_ALLOWED = 0.2;
const FIRST_HOLD_MS = 1_500;
export const HOLD_MS = 10_000;
const MAX_HOLD_MS = 80_000;
/** Going down this soon after going up means that going up was wrong. */
const WRONG_RAISE_MS = 20_000;
const PROBE_ATTEMPT_MS = 4_000;
const PROBE_PAUSE_MS = 10_000;
const MAX_PROBE_PAUSE_MS = 120_000;

export function startPolicy(nowMs: number): PolicyState {
  return {
    startedAtMs: nowMs,
    samples: [],
    holdMs: FIRST_HOLD_MS,
    raisedAtMs: Number.NEGATIVE_INFINITY,
    lowSinceMs: undefined,
    probingSinceMs: undefined,
    probeNotBeforeMs: nowMs,
    probePauseMs: PROBE_PAUSE_MS,
  };
}

export function decideLayers(state: PolicyState, line: ReceiverLine): LayerDecision {
  const { nowMs, estimate, videos } = line;
  // A layer that is not sent any more, or better than the client needs, is left whatever the estimate says.
  const usable = videos.map((video) => nearestUsable(video, placeOf(video)));
  if (!estimate) {
    const isPatient = nowMs - state.startedAtMs < NO_FEEDBACK_AFTER_MS;
    const places = isPatient ? usable : fit(line, Number.POSITIVE_INFINITY);
    return { state, changes: changesTo(places, line), isCongested: false, probeUpToBps: 0 };
  }

  const rateBps = rateOf(line, usable);
  if (rateBps > estimate.targetBps * DOWN_BELOW) {
    const lowSinceMs = state.lowSinceMs ?? nowMs;
    const isSure = rateBps * SURE_BELOW > estimate.capacityBps || nowMs - lowSinceMs >= LOW_PATIENCE_MS;
    if (!isSure) {
      const waiting = addSample({ ...state, lowSinceMs }, nowMs, roomOf(line, estimate));
      return { state: waiting, changes: changesTo(usable, line), isCongested: false, probeUpToBps: 0 };
    }
    const room = fit(line, estimate.targetBps * DOWN_TO);
    const places = usable.map((place, index) => Math.max(place, room[index]!));
    if (places.some((place, index) => place !== usable[index])) {
      const next = afterCongestion({ ...state, lowSinceMs }, nowMs);
      return { state: next, changes: changesTo(places, line), isCongested: true, probeUpToBps: 0 };
    }
    // Nothing is left to take away. The estimate is low because little is sent, which only probing can change.
    const lowest = { ...state, lowSinceMs, samples: [], holdMs: Math.max(state.holdMs, HOLD_MS) };
    return { ...probe(lowest, line, usable), changes: changesTo(usable, line), isCongested: false };
  }

  const room = roomOf(line, estimate);
  const sampled = addSample({ ...state, lowSinceMs: undefined }, nowMs, room);
  const steady = steadyRoom(sampled, nowMs);
  const raised = fit(line, steady / UP_ROOM).map((place, index) =>
    stepUp(videos[index]!, usable[index]!, place),
  );
  const isRaise = raised.some((place, index) => place < usable[index]!);
  const changes = changesTo(isRaise ? raised : usable, line);
  if (isRaise) {
    // The samples of before say nothing about the line with the new load.
    const next = { ...sampled, samples: [], raisedAtMs: nowMs, probingSinceMs: undefined };
    return { state: next, changes, isCongested: false, probeUpToBps: 0 };
  }
  return { ...probe(sampled, line, usable), changes, isCongested: false };
}

/** The first layer of a video that joins the others: the best for which there is room now. */
export function firstLayer(line: ReceiverLine, mid: string): string | undefined {
  const others = { ...line, videos: line.videos.filter((video) => video.mid !== mid) };
  const video = line.videos.find((candidate) => candidate.mid === mid);
  if (!video) return undefined;
  const limit = line.estimate ? roomOf(line, line.estimate) * DOWN_TO : START_BPS;
  const rest = limit - rateOf(others, others.videos.map(placeOf));
  const places = usablePlaces(video);
  const place = places.find((candidate) => video.layers[candidate]!.bitrateBps <= rest) ?? places.at(-1)!;
  return video.layers[place]?.rid;
}

/** The rate of everything that would be better than now, by one step each: what probing has to show room for. */
function probe(
  state: PolicyState,
  line: ReceiverLine,
  usable: number[],
): Pick<LayerDecision, 'state' | 'probeUpToBps'> {
  const { nowMs, videos } = line;
  const better = videos.map((video, index) => stepUp(video, usable[index]!, video.wish));
  const isUseful = better.some((place, index) => place < usable[index]!);
  if (!isUseful || !line.canProbe || nowMs < state.probeNotBeforeMs) {
    return { state: { ...state, probingSinceMs: undefined }, probeUpToBps: 0 };
  }
  const since = state.probingSinceMs ?? nowMs;
  if (nowMs - since > state.holdMs + PROBE_ATTEMPT_MS) {
    const next = {
      ...state,
      probingSinceMs: undefined,
      probeNotBeforeMs: nowMs + state.probePauseMs,
      probePauseMs: Math.min(state.probePauseMs * 2, MAX_PROBE_PAUSE_MS),
    };
    return { state: next, probeUpToBps: 0 };
  }
  // A little more than needed, because probing stays a little below what it is allowed.
  const probeUpToBps = Math.round(rateOf(line, better) * UP_ROOM * 1.1);
  return { state: { ...state, probingSinceMs: since }, probeUpToBps };
}

function afterCongestion(state: PolicyState, nowMs: number): PolicyState {
  const wasWrong = nowMs - state.raisedAtMs < WRONG_RAISE_MS;
  const holdMs = wasWrong ? Math.min(Math.max(state.holdMs, HOLD_MS / 2) * 2, MAX_HOLD_MS) : HOLD_MS;
  const probeNotBeforeMs = nowMs + state.probePauseMs;
  return { ...state, samples: [], holdMs, probingSinceMs: undefined, probeNotBeforeMs };
}

function addSample(state: PolicyState, atMs: number, bps: number): PolicyState {
  // One sample older than the window stays, to show that the window is covered.
  const firstInside = state.samples.findIndex((sample) => sample.atMs > atMs - state.holdMs);
  const kept = firstInside > 0 ? state.samples.slice(firstInside - 1) : state.samples;
  return { ...state, samples: [...kept, { atMs, bps }] };
}

/** The room that the line had for most of the last `holdMs`; none as long as they have not passed. */
function steadyRoom({ samples, holdMs }: PolicyState, nowMs: number): number {
  const oldest = samples[0];
  if (!oldest || nowMs - oldest.atMs < holdMs) return 0;
  const sorted = samples.map((sample) => sample.bps).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length * DIPS_ALLOWED)] ?? 0;
}

/** The best places within the rate: everyone the lowest layer first, then everyone one step better, and so on. */
function fit(line: ReceiverLine, bps: number): number[] {
  const choices = line.videos.map(usablePlaces);
  const steps = choices.map((places) => places.length - 1);
  const placesNow = () => choices.map((places, index) => places[steps[index]!]!);
  let isProgress = true;
  while (isProgress) {
    isProgress = false;
    for (const index of steps.keys()) {
      if (steps[index] === 0) continue;
      steps[index]! -= 1;
      if (rateOf(line, placesNow()) <= bps) isProgress = true;
      else steps[index]! += 1;
    }
  }
  return placesNow();
}

/**
 * Places that may be chosen, best first: not better than the wish, and sent. Never empty. A layer with a lower rate
 * than a smaller one is only starting or starving at the sender, and would look worse than that.
 */
function usablePlaces(video: VideoOfReceiver): number[] {
  const { layers, wish } = video;
  const isSound = (place: number) =>
    layers[place]!.bitrateBps > Math.max(0, ...layers.slice(place + 1).map((smaller) => smaller.bitrateBps));
  const sent = [...layers.keys()].filter(isSound);
  const wanted = sent.filter((place) => place >= wish);
  if (wanted.length > 0) return wanted;
  // Nothing as small as wished is sent: the smallest of what is. Nothing is sent at all: what it is now.
  return [sent.at(-1) ?? placeOf(video)];
}

/** The place itself, else the next lower one, else the next better one that may be chosen. */
function nearestUsable(video: VideoOfReceiver, place: number): number {
  const places = usablePlaces(video);
  return places.find((candidate) => candidate >= place) ?? places.at(-1)!;
}

/** One usable step from `from` towards `to`, where better is smaller. */
function stepUp(video: VideoOfReceiver, from: number, to: number): number {
  return usablePlaces(video).findLast((place) => place < from && place >= to) ?? from;
}

function roomOf(
  { canProbe }: ReceiverLine,
  { targetBps, capacityBps }: NonNullable<ReceiverLine['estimate']>,
): number {
  return canProbe ? Math.min(targetBps, capacityBps) : targetBps;
}

/** A video that has no layer yet counts as the lowest. */
function placeOf({ layers, rid }: VideoOfReceiver): number {
  const place = layers.findIndex((layer) => layer.rid === rid);
  return place === -1 ? layers.length - 1 : place;
}

function rateOf({ videos, fixedBps }: ReceiverLine, places: readonly number[]): number {
  return places.reduce(
    (sum, place, index) => sum + (videos[index]!.layers[place]?.bitrateBps ?? 0),
    fixedBps,
  );
}

function changesTo(places: readonly number[], { videos }: ReceiverLine): Map<string, string> {
  const changes = new Map<string, string>();
  for (const [index, video] of videos.entries()) {
    const rid = video.layers[places[index]!]?.rid;
    if (rid !== undefined && rid !== video.rid) changes.set(video.mid, rid);
  }
  return changes;
}
