import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { Failure, isDiskFull } from '../failure.js';
import type { Tools } from '../tools.js';

const OUTPUT_TAIL_CHARS = 4_000;
/** Making files must not take the processor from recordings that run. */
const NICENESS = 5;

export interface ProgramResult {
  stdout: string;
  stderr: string;
}

/** ffmpeg that was killed, by whoever needed the memory, may well come through the second time. */
const ATTEMPTS = 2;

/** Has ffmpeg make a file of what was captured, by the arguments from the first input on. Throws as `runProgram` does. */
export async function encode({ ffmpeg }: Tools, args: readonly string[]): Promise<void> {
  const common = ['-nostdin', '-hide_banner', '-v', 'error', '-y', '-fflags', '+genpts'];
  for (let attempt = 1; ; attempt++) {
    try {
      await runProgram(ffmpeg, [...common, ...args]);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || (error as Failure).code === 'disk_full') throw error;
    }
  }
}

/** Runs ffmpeg or ffprobe to its end. Throws Failure `disk_full` or `encoder_failed` with what it said last. */
export async function runProgram(program: string, args: readonly string[]): Promise<ProgramResult> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(-OUTPUT_TAIL_CHARS);
    });
  }
  const end = await new Promise<string | null>((ended) => {
    child.once('error', (error) => ended(error.message));
    child.once('spawn', () => setPriority(child.pid!, NICENESS));
    child.once('close', (code, signal) => ended(code === 0 ? null : (signal ?? `code ${code}`)));
  });
  if (end === null) return output;
  const said = output.stderr.trim().split('\n').slice(-3).join(' ');
  const reason = `${program} ended with ${end}: ${said}`;
  throw new Failure(isDiskFull(new Error(said)) ? 'disk_full' : 'encoder_failed', reason);
}
