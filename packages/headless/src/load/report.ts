import type { Distribution } from './distribution.js';
import type { LoadReport } from './run-load.js';

/** The report as a table for people. */
export function formatLoadReport(report: LoadReport): string {
  const { participants, meetings, chat } = report;
  const rows: [string, string][] = [
    ['participants in meetings', `${participants} in ${meetings}`],
    ['joined', `${report.join.count}`],
    ['joins per second', report.joinsPerSecond.toFixed(0)],
    ['create participant', durations(report.create)],
    ['join', durations(report.join)],
    ['chat messages sent, delivered', `${chat.sent}, ${chat.delivered}`],
    ['chat delivery', durations(chat.delivery)],
    ['ended by kick-all', `${report.ended}`],
    ['kick-all to the last peer of a meeting', durations(report.kickAll)],
    ['kick-all to the last peer of all', milliseconds(report.kickAllMs)],
    ['errors', `${[...report.errors.values()].reduce((sum, count) => sum + count, 0)}`],
    ...[...report.errors].map(([text, count]): [string, string] => [`  ${count} times`, text]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function durations({ count, p50Ms, p99Ms, maxMs }: Distribution): string {
  if (count === 0) return 'none';
  return `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}, max ${milliseconds(maxMs)}`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
