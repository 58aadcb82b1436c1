import { Gauge, type Registry } from 'prom-client';

/** What is counted of a meeting that somebody is connected to or that has a live session. */
interface CountedMeeting {
  readonly connections: { readonly size: number };
  readonly state: { readonly session: { readonly peers: { readonly size: number } } | null };
}

/** Gauges over all meetings, counted when `/metrics` is asked. */
export function registerMeetingMetrics(
  registry: Registry,
  meetings: { hosts: Iterable<CountedMeeting> },
): void {
  const gauge = (name: string, help: string, count: (meeting: CountedMeeting) => number) =>
    new Gauge({
      name: `parley_${name}`,
      help,
      registers: [registry],
      collect() {
        let total = 0;
        for (const meeting of meetings.hosts) total += count(meeting);
        this.set(total);
      },
    });
  gauge('live_sessions', 'Sessions that have not ended.', (meeting) => (meeting.state.session ? 1 : 0));
  gauge('peers', 'Peers in live sessions.', (meeting) => meeting.state.session?.peers.size ?? 0);
  gauge('sockets', "Participants' open sockets.", (meeting) => meeting.connections.size);
}
