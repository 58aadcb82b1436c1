import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Row } from './bench.js';

const FILE = fileURLToPath(new URL('../../BENCHMARKS.md', import.meta.url));
const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';
const HEADER = ['Measured', 'Parley', 'Held against', 'Its figure', 'Ratio', 'Target', 'Reached'];
const GIB = 1024 ** 3;

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = [HEADER, HEADER.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cells(row: Row): string[] {
  return [
    row.what,
    figure(row.parley),
    row.baseline?.name ?? '',
    row.baseline ? figure(row.baseline.value) : '',
    row.baseline ? row.baseline.ratio.toFixed(2) : '',
    row.target?.says ?? '',
    row.target ? (row.target.reached(row) ? 'yes' : '**no**') : '',
  ];
}

function figure(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

const loadBefore = loadavg()[0]!.toFixed(1);

/** What the figures were measured on, and what else the machine did. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / GIB);
  return `${cpus().length} cores (${model}), ${memory} GB, Node ${process.versions.node}, client and server on the same machine, load ${loadBefore} before`;
}

/** Puts the table between the markers of BENCHMARKS.md; the text around it is written by hand. */
export function writeBenchmarks(rows: readonly Row[]): void {
  if (!existsSync(FILE)) throw new Error('There is no BENCHMARKS.md.');
  const text = readFileSync(FILE, 'utf8');
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`BENCHMARKS.md has no ${START} and ${END}.`);
  const date = new Date().toISOString().slice(0, 10);
  const body = `\nMeasured on ${date}: ${machine()}.\n\n${table(rows)}\n`;
  writeFileSync(FILE, `${text.slice(0, start + START.length)}${body}${text.slice(end)}`);
}
